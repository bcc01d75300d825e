using System.Security.Cryptography;
using System.Text.Json;
using Actors.Testing.Cluster;

namespace Actors.ConformanceSilo;

/// <summary>Two silos with the fixtures over one PostgreSQL, and a round robin in front of them. Prints the addresses as one line of JSON and stays until standard input ends.</summary>
internal static class ConformanceCluster
{
    public static async Task RunAsync()
    {
        var folder = Directory.CreateTempSubdirectory("actors-conformance-");
        try
        {
            var key = Path.Combine(folder.FullName, "session-key");
            await File.WriteAllTextAsync(key, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
            File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await using var cluster = await SiloCluster.PrepareAsync(new SiloClusterOptions
            {
                Silos = 2,
                Environment = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["ACTORS__SILO__SESSIONKEYFILE"] = key,
                    ["ACTORS__SILO__RUNWORKFLOWWAITSECONDS"] = "45",
                    [FixtureSilo.StateVariable] = folder.FullName,
                },
            });
            foreach (var silo in cluster.Silos)
            {
                silo.Use(typeof(ConformanceCluster).Assembly.Location);
            }

            await Task.WhenAll(cluster.Silos.Select(s => s.StartAsync()));
            await using var proxy = await RoundRobin.StartAsync([.. cluster.Silos.Select(s => s.Url)]);
            Console.WriteLine(JsonSerializer.Serialize(new { silo = new Uri(cluster.Silos[0].Url, "/mcp"), roundRobin = new Uri(proxy.Url, "/mcp"), logs = cluster.Folder }, JsonSerializerOptions.Web));
            await Console.In.ReadToEndAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
