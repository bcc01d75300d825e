using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Runs;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Tests.Simulation;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Grains.Tests.Runs;

/// <summary>A silo's grains over a store and a fake runner; it can be restarted over both.</summary>
internal sealed class GrainFixture : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly RunOptions _options;
    private readonly RedactionOptions _redaction;
    private readonly TestStore _store;
    private RunHost? _host;
    private RunDirectory? _directory;

    public GrainFixture(RunOptions? options = null, RedactionOptions? redaction = null, Func<FakeTimeProvider, TestStore>? open = null)
    {
        // Tests move the clock by leaps, which would cost a short lease.
        _options = (options ?? new RunOptions()) with { Lease = TimeSpan.FromDays(1) };
        _redaction = redaction ?? new RedactionOptions();
        _store = open?.Invoke(Time) ?? new TestStore(new ModelRunStore(Time));
        Start();
    }

    /// <summary>Breaks the store on demand.</summary>
    public StoreFaults Faults { get; } = new();

    public FakeRunner Runner { get; } = new();

    public FakeTimeProvider Time { get; } = new(TestEvents.Start);

    public IRunStore Store => _store.Store;

    public IRunDirectory Directory => _directory!;

    public void Start()
    {
        var clock = new DatabaseClock(Time);
        var services = new RunServices(
            Faults.Around(Store), new EffectPerformer(Runner, clock), new TraceWriter(new TraceRedactor(_redaction)), clock, NullLogger.Instance);
        var membership = new SiloMembership(services.Store, clock, new TaskHeart(Time), new SiloIdentity("test", "1"), _options.Lease, NullLogger.Instance);
        _host = new RunHost(services, _options, membership);
        _directory = new RunDirectory(new WorkflowCatalog([TestWorkflows.TwoSteps, TestWorkflows.Waits]), _host, services);
        _host.Start();
    }

    public Task StopAsync() => _host!.DisposeAsync().AsTask();

    /// <summary>A silo takes every run and dies before anything happens.</summary>
    public async Task CrashWithAllAsync()
    {
        var doomed = SiloId.New();
        await Store.JoinAsync(new SiloRecord(doomed, "doomed", "1", RunState.CurrentFormat, default, default), default);
        await Store.ClaimAsync(new Claim(doomed, RunState.CurrentFormat, 100, 100, 0), default);
        Advance(TimeSpan.FromMinutes(1));
        await Store.EvictAsync(TimeSpan.FromSeconds(15), default);
    }

    public Task<RunView> SubmitAsync(string parameters = """{"text":"a b"}""", string? key = null, string workflow = "two-steps") => Directory.SubmitAsync(
        new SubmitRequest { WorkflowId = workflow, Params = JsonElement.Parse(parameters), IdempotencyKey = key, Submitter = "tester" },
        default);

    public IRunGrain Grain(RunView run)
    {
        Assert.True(RunId.TryParse(run.RunId, out var id));
        return Directory.Get(id);
    }

    public async Task<RunView> DoneAsync(RunView run)
    {
        using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
        var view = run;
        while (view.Status != RunStatus.Done)
        {
            view = (await Grain(run).WaitAsync(view.Version, TimeSpan.FromMinutes(1), patience.Token))!;
        }

        return view;
    }

    /// <summary>Moves the clock by steps until the run is done.</summary>
    public Task DoneByAsync(RunView run, TimeSpan step) => Poll.UntilAsync(async () =>
    {
        Advance(step);
        return (await Grain(run).GetAsync(default))!.Status == RunStatus.Done;
    });

    public async Task<IReadOnlyList<TraceEntry>> TraceAsync(RunView run)
    {
        var trace = (await Grain(run).GetTraceAsync(0, 1000, default))!;
        Assert.Null(TraceChain.Verify(run.RunId, trace.Entries));
        return trace.Entries;
    }

    /// <summary>Moves the clock and lets the silo look at its reminders.</summary>
    public void Advance(TimeSpan by)
    {
        _store.Advance?.Invoke(by);
        Time.Advance(by);
        _host!.Wake();
    }

    /// <summary>How many runs a living silo owns.</summary>
    public async Task<int> CountOwnedAsync()
    {
        var count = 0;
        foreach (var silo in await Store.ListSilosAsync(default))
        {
            count += (await Store.ListOwnedAsync(silo.Id, default)).Count;
        }

        return count;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_store.Close is { } close)
        {
            await close();
        }
    }
}
