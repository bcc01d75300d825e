using System.Diagnostics;
using YamlDotNet.RepresentationModel;

namespace Actors.Helm.Tests;

/// <summary>Renders helm/actors with the helm on the PATH, or the one that eng/lib/kubernetes-tools.sh keeps in the cache.</summary>
internal static class Chart
{
    /// <summary>The smallest values that render.</summary>
    internal static readonly string[] Least = ["image.repository=registry.example/actors", "silo.access.tokensSecret.name=callers"];

    internal static readonly string[] Postgresql =
        [.. Least, "silo.database.postgresql.connection=Host=db;Database=actors;Username=actors", "silo.database.postgresql.passwordSecret.name=db", "silo.replicas=3"];

    internal static readonly string Repository = Root();

    private static readonly string Folder = Path.Combine(Repository, "helm", "actors");
    private static readonly string Program = Find();

    /// <summary>All objects of the chart with these values.</summary>
    internal static IReadOnlyList<Manifest> Render(IEnumerable<string> values, string version = "1.35.0")
    {
        var (code, output, error) = Run(["template", "actors", Folder, "--namespace", "prod", "--kube-version", version, .. Set(values)]);
        Assert.True(code == 0, error);
        var stream = new YamlStream();
        stream.Load(new StringReader(output));
        return [.. stream.Documents.Select(d => d.RootNode).OfType<YamlMappingNode>().Select(n => new Manifest(n))];
    }

    /// <summary>What helm says against these values.</summary>
    internal static string Refusal(IEnumerable<string> values)
    {
        var (code, output, error) = Run(["template", "actors", Folder, "--namespace", "prod", .. Set(values)]);
        Assert.True(code != 0, "helm took the values:\n" + output);
        return error;
    }

    internal static (int Code, string Output, string Error) Run(IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };

        // A template test asks no cluster.
        start.Environment["KUBECONFIG"] = "/dev/null";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }

    internal static string Location => Folder;

    private static IEnumerable<string> Set(IEnumerable<string> values) => values.SelectMany(v => new[] { "--set", v.Replace(",", "\\,", StringComparison.Ordinal) });

    private static string Root()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Actors.sln")))
            {
                return directory.FullName;
            }
        }

        throw new DirectoryNotFoundException("Actors.sln is in no folder above the tests.");
    }

    private static string Find()
    {
        var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var kept = Directory.Exists(Path.Combine(cache, "actors")) ? Directory.GetDirectories(Path.Combine(cache, "actors"), "kubernetes-tools-*") : [];
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(kept.Where(k => !k.EndsWith(".work", StringComparison.Ordinal)));
        return folders.Select(f => Path.Combine(f, "helm")).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("There is no helm on the PATH; eng/test.sh brings one.");
    }
}
