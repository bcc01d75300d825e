using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Runs;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains;

/// <summary>What a host gives to the grains.</summary>
public sealed record GrainsConfiguration
{
    /// <summary>A PostgreSQL connection string, which several silos may share, or the path of a SQLite file for one silo.</summary>
    public required string Database { get; init; }

    /// <summary>The database's password, kept out of the connection string; null when it needs none.</summary>
    public string? DatabasePassword { get; init; }

    /// <summary>This silo among the others, for people.</summary>
    public required string SiloName { get; init; }

    /// <summary>The program's version.</summary>
    public required string Version { get; init; }

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

/// <summary>The grains of one silo, put together. Disposing it stops work in good order; other silos, or the next start, go on with its runs.</summary>
public sealed class RunSilo : IAsyncDisposable
{
    private readonly IAsyncDisposable _store;
    private readonly RunHost _host;
    private readonly SiloMembership _membership;
    private readonly RunnerProbe _runner;
    private readonly RunMetrics _metrics;
    private int _disposed;

    private RunSilo(IAsyncDisposable store, RunHost host, SiloMembership membership, RunnerProbe runner, RunMetrics metrics, IRunDirectory directory, SessionMail mail)
    {
        _store = store;
        _host = host;
        _membership = membership;
        _runner = runner;
        _metrics = metrics;
        Directory = directory;
        Mail = mail;
    }

    /// <summary>The way in.</summary>
    public IRunDirectory Directory { get; }

    /// <summary>Letters between silos about MCP sessions.</summary>
    public SessionMail Mail { get; }

    /// <summary>Loads the workflows and opens the store; nothing runs before <see cref="Start"/>.</summary>
    /// <exception cref="WorkflowLoadException">A workflow file is not valid.</exception>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public static RunSilo Open(GrainsConfiguration configuration, TimeProvider time, ILoggerFactory loggers)
    {
        var catalog = WorkflowCatalog.Load(configuration.Workflows);
        var log = loggers.CreateLogger("Actors.Runs");
        var database = RunDatabase.Open(configuration.Database, configuration.DatabasePassword, time, log);
        var clock = new DatabaseClock(time);
        var runner = new RunnerClient(configuration.Runner, configuration.RunnerToken, time);
        var metrics = new RunMetrics();
        var services = new RunServices(
            database.Store, new EffectPerformer(runner, clock), new TraceWriter(new TraceRedactor(configuration.Redaction)), clock, log)
        {
            Metrics = metrics,
            WakeUps = database.WakeUps,
        };
        var membership = new SiloMembership(
            database.Store, clock, new ThreadHeart(), new SiloIdentity(configuration.SiloName, configuration.Version), configuration.Runs.Lease, loggers.CreateLogger("Actors.Membership"));
        var host = new RunHost(services, configuration.Runs, membership);
        return new RunSilo(database, host, membership, new RunnerProbe(configuration.Runner, time), metrics, new RunDirectory(catalog, host, services), database.Mail);
    }

    /// <summary>Joins the other silos and begins to work.</summary>
    public void Start() => _host.Start();

    /// <summary>Why this silo should get no requests now; empty when it should.</summary>
    public async Task<IReadOnlyList<string>> NotReadyAsync(CancellationToken cancellationToken)
    {
        var reasons = new List<string>();
        if (_host.IsStopping)
        {
            reasons.Add("draining: it is shutting down");
        }
        else if (!_host.IsServing)
        {
            reasons.Add("not a member: its database does not take its heartbeat");
        }

        if (!await _runner.IsReachableAsync(cancellationToken))
        {
            reasons.Add("the runner does not answer");
        }

        return reasons;
    }

    /// <summary>Takes no more work, lets writes in flight end and hands its runs to other silos; what is stored can still be read.</summary>
    public Task DrainAsync() => _host.DisposeAsync().AsTask();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // The host stops it, and its container disposes it once more.
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _host.DisposeAsync();
            _membership.Dispose();
            await _store.DisposeAsync();
            _metrics.Dispose();
        }
    }
}
