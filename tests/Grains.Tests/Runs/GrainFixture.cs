using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Grains.Tests.Runs;

/// <summary>A silo's grains over a database file and a fake runner; it can be restarted over both.</summary>
internal sealed class GrainFixture : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly DirectoryInfo _folder = System.IO.Directory.CreateTempSubdirectory("actors-grains");
    private readonly RunOptions _options;
    private SqliteDatabase? _database;
    private RunHost? _host;
    private RunDirectory? _directory;

    private readonly RedactionOptions _redaction;

    public GrainFixture(RunOptions? options = null, RedactionOptions? redaction = null)
    {
        _options = options ?? new RunOptions();
        _redaction = redaction ?? new RedactionOptions();
        Start();
    }

    /// <summary>Breaks the store on demand.</summary>
    public StoreFaults Faults { get; } = new();

    public FakeRunner Runner { get; } = new();

    public FakeTimeProvider Time { get; } = new(TestEvents.Start);

    public IRunDirectory Directory => _directory!;

    public void Start()
    {
        _database = new SqliteDatabase(Path.Combine(_folder.FullName, "runs.db"));
        var services = new RunServices(
            Faults.Around(new SqliteRunStore(_database)), new EffectPerformer(Runner, Time), new TraceWriter(new TraceRedactor(_redaction)), new RunPulse(), Time, NullLogger.Instance);
        _host = new RunHost(services, _options);
        _directory = new RunDirectory(new WorkflowCatalog([TestWorkflows.TwoSteps]), _host, services, _options);
        _host.Start();
    }

    public async Task StopAsync()
    {
        await _host!.DisposeAsync();
        _database!.Dispose();
    }

    /// <summary>Stops the work and leaves the store open.</summary>
    public Task StopHostAsync() => _host!.DisposeAsync().AsTask();

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

    public async Task<IReadOnlyList<TraceEntry>> TraceAsync(RunView run)
    {
        var trace = (await Grain(run).GetTraceAsync(0, 1000, default))!;
        Assert.Null(TraceChain.Verify(run.RunId, trace.Entries));
        return trace.Entries;
    }

    /// <summary>Moves the clock and lets the silo look at its reminders.</summary>
    public void Advance(TimeSpan by)
    {
        Time.Advance(by);
        _host!.Wake();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _folder.Delete(recursive: true);
    }
}
