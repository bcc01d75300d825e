using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains;

/// <summary>What a host gives to the grains.</summary>
public sealed record GrainsConfiguration
{
    /// <summary>The SQLite file.</summary>
    public required string Database { get; init; }

    /// <summary>The folder of workflow files.</summary>
    public required string Workflows { get; init; }

    /// <summary>A client whose base address is the runner's.</summary>
    public required HttpClient Runner { get; init; }

    /// <summary>The runner's bearer token.</summary>
    public required string RunnerToken { get; init; }

    /// <summary>What to hide.</summary>
    public RedactionOptions Redaction { get; init; } = new();

    /// <summary>How many runs to carry.</summary>
    public RunOptions Runs { get; init; } = new();
}

/// <summary>The grains of one silo, put together. Disposing it stops work; runs go on at the next start.</summary>
public sealed class RunSilo : IAsyncDisposable
{
    private readonly SqliteDatabase _database;
    private readonly RunHost _host;
    private int _disposed;

    private RunSilo(SqliteDatabase database, RunHost host, IRunDirectory directory)
    {
        _database = database;
        _host = host;
        Directory = directory;
    }

    /// <summary>The way in.</summary>
    public IRunDirectory Directory { get; }

    /// <summary>Loads the workflows and opens the store; nothing runs before <see cref="Start"/>.</summary>
    /// <exception cref="WorkflowLoadException">A workflow file is not valid.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static RunSilo Open(GrainsConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        var catalog = WorkflowCatalog.Load(configuration.Workflows);
        var database = new SqliteDatabase(configuration.Database);
        var runner = new RunnerClient(configuration.Runner, configuration.RunnerToken, time);
        var services = new RunServices(
            new SqliteRunStore(database),
            new EffectPerformer(runner, time),
            new TraceWriter(new TraceRedactor(configuration.Redaction)),
            new RunPulse(),
            time,
            loggers.CreateLogger("Actors.Runs"));
        var host = new RunHost(services, configuration.Runs);
        return new RunSilo(database, host, new RunDirectory(catalog, host, services, configuration.Runs));
    }

    /// <summary>Recovers unfinished runs and begins to work.</summary>
    public void Start() => _host.Start();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // The host stops it, and its container disposes it once more.
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _host.DisposeAsync();
            _database.Dispose();
        }
    }
}
