using Actors.Silo.Configuration;
using Actors.Testing.NullRunner;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;

namespace Actors.Silo.Tests.Support;

/// <summary>A whole silo on a SQLite file, with the null runner behind it; its HTTP stack is in memory unless a test wants Kestrel.</summary>
internal sealed class SiloHost : IAsyncDisposable
{
    private readonly DirectoryInfo _folder;
    private readonly WebApplication _app;
    private readonly NullRunnerApp _runner;

    private SiloHost(DirectoryInfo folder, WebApplication app, NullRunnerApp runner)
    {
        _folder = folder;
        _app = app;
        _runner = runner;
    }

    public IServiceProvider Services => _app.Services;

    /// <summary>Where Kestrel listens; only without the in-memory stack.</summary>
    public Uri Url => new(_app.Urls.First());

    /// <summary>Where Kestrel serves metrics, if it does.</summary>
    public Uri MetricsUrl => new(_app.Urls.Last());

    /// <summary>Starts a silo.</summary>
    /// <param name="settings">By name below <c>Actors:Silo</c>.</param>
    /// <param name="configure">Replaces services, such as the clock.</param>
    /// <param name="inMemory">False listens with Kestrel on a free port of loopback.</param>
    /// <param name="workflows">File name to text, beside the null runner's.</param>
    public static async Task<SiloHost> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null,
        Action<WebApplicationBuilder>? configure = null,
        bool inMemory = true,
        IReadOnlyDictionary<string, string>? workflows = null)
    {
        var folder = Directory.CreateTempSubdirectory("actors-silo-tests-");
        var runner = await NullRunnerApp.StartAsync(0, Path.Combine(folder.FullName, "ledger"), new NullRunnerOptions());
        Write(folder.FullName, workflows);
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["Url"] = "http://127.0.0.1:0",
            ["Database"] = Path.Combine(folder.FullName, "silo.db"),
            ["Workflows"] = Path.Combine(folder.FullName, "workflows"),
            ["RunnerUrl"] = runner.Url.ToString(),
            ["RunnerTokenFile"] = Path.Combine(folder.FullName, "token"),
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            values[name] = value;
        }

        var app = SiloApp.Build([.. values.Select(v => $"--{SiloOptions.Section}:{v.Key}={v.Value}")], builder =>
        {
            builder.Logging.ClearProviders();
            if (inMemory)
            {
                builder.WebHost.UseTestServer();
            }

            configure?.Invoke(builder);
        });
        await app.StartAsync();
        return new SiloHost(folder, app, runner);
    }

    /// <summary>A client whose requests go straight into the silo.</summary>
    public HttpClient CreateClient() => _app.GetTestServer().CreateClient();

    /// <summary>The same for a client of another make.</summary>
    public HttpMessageHandler CreateHandler() => _app.GetTestServer().CreateHandler();

    /// <summary>Contents of every file of the silo and its runner, as they are on disk now.</summary>
    public IReadOnlyList<string> Files() =>
    [
        .. _folder.EnumerateFiles("*", SearchOption.AllDirectories).Where(f => f.Extension != ".lock").Select(f =>
        {
            using var file = new StreamReader(f.Open(FileMode.Open, FileAccess.Read, FileShare.ReadWrite), System.Text.Encoding.Latin1);
            return file.ReadToEnd();
        }),
    ];

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _runner.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static void Write(string folder, IReadOnlyDictionary<string, string>? workflows)
    {
        NullWorkflows.Write(Path.Combine(folder, "workflows"));
        foreach (var (name, text) in workflows ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            File.WriteAllText(Path.Combine(folder, "workflows", name), text);
        }

        var token = Path.Combine(folder, "token");
        File.WriteAllText(token, new string('t', 64));
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
