using System.Security.Cryptography;
using Actors.Testing.NullRunner;
using Npgsql;

namespace Actors.Testing.Cluster;

/// <summary>What a cluster is made of.</summary>
public sealed record SiloClusterOptions
{
    /// <summary>How many silos.</summary>
    public int Silos { get; init; } = 2;

    /// <summary>Address of a runner on this machine; null starts a null runner in this process.</summary>
    public Uri? Runner { get; init; }

    /// <summary>File with the runner's token; null with a null runner.</summary>
    public string? RunnerTokenFile { get; init; }

    /// <summary>Folder of workflows; null writes those of <see cref="NullWorkflows"/>.</summary>
    public string? Workflows { get; init; }

    /// <summary>The silos' program; null for the product's own.</summary>
    public string? SiloProgram { get; init; }

    /// <summary>Before the settings, which are in the environment.</summary>
    public IReadOnlyList<string> SiloArguments { get; init; } = [];

    /// <summary>More settings of the silos, by environment variable.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Keeps the folder with logs and ledger.</summary>
    public bool Keep { get; init; }

    /// <summary>Edits statements on their way to PostgreSQL, to break the product on purpose.</summary>
    public Func<string, string>? Edit { get; init; }

    /// <summary>Where PostgreSQL's folder is made, such as a small file system.</summary>
    public string? PostgresParent { get; init; }

    /// <summary>More lines for postgresql.conf.</summary>
    public IReadOnlyDictionary<string, string>? PostgresSettings { get; init; }
}

/// <summary>N silos as real processes against a throw-away PostgreSQL, each with hooks to pause, kill and cut it off.</summary>
public sealed class SiloCluster : IAsyncDisposable
{
    private readonly List<SiloNode> _silos = [];
    private readonly SiloClusterOptions _options;
    private readonly string _tokenFile;
    private NullRunnerApp? _runner;
    private string _databaseName = "";

    private SiloCluster(SiloClusterOptions options, string folder, PostgresServer postgres)
    {
        _options = options;
        Folder = folder;
        Postgres = postgres;
        _tokenFile = options.RunnerTokenFile ?? Path.Combine(folder, "token");
    }

    public PostgresServer Postgres { get; }

    /// <summary>Connection string past the proxies.</summary>
    public string Database { get; private set; } = "";

    /// <summary>Holds logs, ledger, workflows.</summary>
    public string Folder { get; }

    public IReadOnlyList<SiloNode> Silos => _silos;

    /// <summary>The null runner's ledger.</summary>
    public string LedgerFile => Path.Combine(Folder, "ledger.jsonl");

    /// <summary>A started cluster; dispose it.</summary>
    public static async Task<SiloCluster> StartAsync(SiloClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var cluster = await PrepareAsync(options);
        try
        {
            await Task.WhenAll(cluster.Silos.Select(s => s.StartAsync()));
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Everything but the silos is started. The first of them migrates the database.</summary>
    public static async Task<SiloCluster> PrepareAsync(SiloClusterOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = Directory.CreateTempSubdirectory("actors-cluster-").FullName;
        var cluster = new SiloCluster(options, folder, await PostgresServer.StartAsync(options.PostgresSettings, options.PostgresParent));
        cluster.Database = await cluster.Postgres.CreateDatabaseAsync() + ";Pooling=false";
        cluster._databaseName = new NpgsqlConnectionStringBuilder(cluster.Database).Database!;
        if (options.Workflows is null)
        {
            NullWorkflows.Write(Path.Combine(folder, "workflows"));
        }

        await File.WriteAllTextAsync(cluster.PasswordFile, cluster.Postgres.Password);
        if (options.RunnerTokenFile is null)
        {
            await File.WriteAllTextAsync(cluster._tokenFile, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(cluster._tokenFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }
        }

        var runner = options.Runner;
        if (runner is null)
        {
            var port = ChildProcess.FreePort();
            cluster._runner = await NullRunnerApp.StartAsync(port, cluster.LedgerFile, new NullRunnerOptions());
            runner = new Uri($"http://127.0.0.1:{port}");
        }

        for (var number = 1; number <= options.Silos; number++)
        {
            cluster._silos.Add(new SiloNode(number, cluster.Postgres.Port, runner, options, cluster.Environment, folder));
        }

        return cluster;
    }

    /// <summary>An open connection past the proxies.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(Database);
        await connection.OpenAsync();
        return connection;
    }

    /// <summary>Breaks a silo's connections from the server's side.</summary>
    public Task TerminateBackendsAsync(SiloNode silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        return Postgres.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_addr = '{silo.Address}'");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
        {
            await silo.DisposeAsync();
        }

        if (_runner is not null)
        {
            await _runner.DisposeAsync();
        }

        await Postgres.DisposeAsync();
        if (_options.Keep)
        {
            await Console.Error.WriteLineAsync($"kept: {Folder}");
            return;
        }

        Directory.Delete(Folder, recursive: true);
    }

    private string PasswordFile => Path.Combine(Folder, "password");

    private Dictionary<string, string> Environment(SiloNode silo)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ACTORS__SILO__URL"] = silo.Url.ToString().TrimEnd('/'),
            ["ACTORS__SILO__RUNNERURL"] = $"http://127.0.0.1:{silo.RunnerProxy.Port}",
            ["ACTORS_CHAOS_CLOCK"] = silo.ClockFile,
            ["ACTORS__SILO__RUNNERTOKENFILE"] = _tokenFile,
            ["ACTORS__SILO__WORKFLOWS"] = _options.Workflows ?? Path.Combine(Folder, "workflows"),
            ["ACTORS__SILO__DATABASE"] = $"Host=127.0.0.1;Port={silo.Proxy.Port};Username={PostgresServer.User};Database={_databaseName}",
            ["ACTORS__SILO__DATABASEPASSWORDFILE"] = PasswordFile,
            ["ACTORS__SILO__SILONAME"] = $"silo-{silo.Number}",
            ["ACTORS__SILO__RUNWORKFLOWWAITSECONDS"] = "0",
        };
        foreach (var (key, value) in _options.Environment)
        {
            environment[key] = value;
        }

        return environment;
    }
}
