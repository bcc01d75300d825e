using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Grains.Tests.Simulation;

/// <summary>One silo of the simulation, made of the product's own parts; after a crash a new process takes its place.</summary>
internal sealed class SimSilo(SimDatabase database, SimRunner runner, List<SimWakeUps> wakeUps, SimIds ids, RunOptions options)
{
    private static readonly WorkflowCatalog Catalog = new(SimWorkflows.All);
    private RunHost? _host;
    private SimWakeUps? _wakeUps;

    public SimProcess Process { get; private set; } = new(database.World);

    public RunDirectory? Directory { get; private set; }

    public bool IsUp => _host is not null;

    public void Start()
    {
        Process = new SimProcess(database.World);
        _wakeUps = new SimWakeUps(database.World, Process, wakeUps);
        wakeUps.Add(_wakeUps);
        var clock = new DatabaseClock(Process.Time);
        var services = new RunServices(
            new SimStore(database, Process, _wakeUps), new EffectPerformer(runner.For(Process), clock), new TraceWriter(new TraceRedactor(new RedactionOptions())), clock, NullLogger.Instance)
        {
            WakeUps = _wakeUps,
            Random = database.World.Random,
            NewRunId = ids.NewRun,
        };
        var membership = new SiloMembership(services.Store, clock, new TaskHeart(Process.Time), new SiloIdentity("sim", "1") { NewId = ids.NewSilo }, options.Lease, NullLogger.Instance);
        var host = new RunHost(services, options, membership);
        _host = host;
        Directory = new RunDirectory(Catalog, host, services);
        Process.Do(host.Start);
    }

    public void Crash()
    {
        Process.Crash();
        wakeUps.Remove(_wakeUps!);
        _host = null;
        Directory = null;
    }

    /// <summary>Stops in good order; the process lives on until that is done.</summary>
    public void Stop()
    {
        var host = _host!;
        wakeUps.Remove(_wakeUps!);
        _host = null;
        Directory = null;
        _ = Process.Do(async () =>
        {
            await host.DisposeAsync();
            return true;
        });
    }
}

/// <summary>Ids that are the same at each replay.</summary>
internal sealed class SimIds
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private int _runs;
    private int _silos;

    public RunId NewRun(DateTimeOffset now)
    {
        var number = ++_runs;
        var text = string.Concat(Enumerable.Range(0, 4).Select(i => Alphabet[(number >> (15 - (5 * i))) & 31]));
        Assert.True(RunId.TryParse($"run-{new string('0', 22)}{text}", out var id));
        return id;
    }

    public SiloId NewSilo() => new(new Guid(++_silos, 0, 0, new byte[8]));
}
