using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Runs;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Benchmarks.Engine;

/// <summary>One silo in this process: the product's parts, with another runner.</summary>
internal sealed class BenchSilo : IAsyncDisposable
{
    // Room for the load: what is measured is the engine, not the queue.
    private const int Slots = 64;
    private readonly RunDatabase _database;
    private readonly SiloMembership _membership;
    private readonly RunHost _host;

    private BenchSilo(RunDatabase opened, SiloMembership membership, RunHost host, IRunDirectory directory)
    {
        _database = opened;
        _membership = membership;
        _host = host;
        Directory = directory;
    }

    public IRunDirectory Directory { get; }

    /// <summary>Opens and starts it.</summary>
    /// <param name="database">As the silo's setting.</param>
    /// <param name="watch">Wraps the store.</param>
    public static async Task<BenchSilo> StartAsync(string database, string? password, IRunner runner, int number, Func<IRunStore, IRunStore>? watch = null)
    {
        var clock = new DatabaseClock(TimeProvider.System);
        var log = NullLogger.Instance;
        var opened = RunDatabase.Open(database, password, TimeProvider.System, log);
        var store = watch is null ? opened.Store : watch(opened.Store);
        var services = new RunServices(store, new EffectPerformer(runner, clock), new TraceWriter(new TraceRedactor(new RedactionOptions())), clock, log)
        {
            WakeUps = opened.WakeUps,
        };
        var options = new RunOptions { MaxActive = Slots };
        var membership = new SiloMembership(store, clock, new ThreadHeart(), new SiloIdentity($"bench-{number}", "1"), options.Lease, log);
        var host = new RunHost(services, options, membership);
        host.Start();
        await host.ReadyAsync(CancellationToken.None);
        return new BenchSilo(opened, membership, host, new RunDirectory(new WorkflowCatalog([EngineWorkflow.Definition]), host, services));
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _membership.Dispose();
        await _database.DisposeAsync();
    }
}
