using System.Text.Json;
using System.Threading.Channels;
using Actors.Grains.Interfaces;
using Actors.Silo.Mcp;
using Actors.Testing;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Reports to a client that does not read.</summary>
public sealed class ProgressReporterTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Follow_WriteThatNeverReturns_HasOneReportOutstanding()
    {
        var time = new FakeTimeProvider();
        var transport = new StallingTransport();
        var grain = new BusyGrain();
        await using var server = McpServer.Create(transport, new McpServerOptions());
        var reporter = new ProgressReporter(server, new ProgressToken("p"), time);
        using var ended = new CancellationTokenSource();
        var following = reporter.FollowAsync(grain, Run(1), TimeSpan.FromMinutes(1), ended.Token, ended.Token);

        // The first report gets through; the next one, of the server's progress, never does.
        await Poll.UntilAsync(() => Task.FromResult(time.IsArmed(Pace)));
        time.Advance(Pace);
        await transport.Stalled.Task.WaitAsync(Patience);
        for (var i = 0; i < 100; i++)
        {
            time.Advance(Pace);
        }

        // The run goes on, and nothing is made for a client that does not read.
        grain.Changed.SetResult(Run(2));
        Assert.Equal((2, 1), (transport.Sent, grain.Asked));
        Assert.False(following.IsCompleted);

        transport.Go.SetResult();
        Assert.Equal(2, (await following.WaitAsync(Patience))!.Version);
        Assert.Equal(2, transport.Sent);
    }

    private static RunView Run(long version) => new()
    {
        RunId = "run-1",
        WorkflowId = "w",
        WorkflowVersion = "1",
        Submitter = "ann",
        Status = RunStatus.Running,
        Steps = [new StepView("a", StepKind.Call, "tool", "append", StepStatus.Running, 1)],
        Version = version,
        TraceHead = "",
        TraceLength = 0,
        CreatedAt = default,
        Deadline = default,
    };

    /// <summary>Sends one message, and holds up the next.</summary>
    private sealed class StallingTransport : ITransport
    {
        private readonly Channel<JsonRpcMessage> _incoming = Channel.CreateUnbounded<JsonRpcMessage>();
        private int _sent;

        public TaskCompletionSource Stalled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Sent => Volatile.Read(ref _sent);

        public string? SessionId => null;

        public ChannelReader<JsonRpcMessage> MessageReader => _incoming.Reader;

        public async Task SendMessageAsync(JsonRpcMessage message, CancellationToken cancellationToken = default)
        {
            if (Interlocked.Increment(ref _sent) > 1)
            {
                Stalled.TrySetResult();
                await Go.Task.WaitAsync(cancellationToken);
            }
        }

        public ValueTask DisposeAsync()
        {
            _incoming.Writer.TryComplete();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A run whose server always has something new to say.</summary>
    private sealed class BusyGrain : IRunGrain
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public TaskCompletionSource<RunView?> Changed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<RunView?> WaitAsync(long afterVersion, TimeSpan wait, CancellationToken cancellationToken) => Changed.Task.WaitAsync(cancellationToken);

        public Task<CallProgressView?> GetProgressAsync(double seen, CancellationToken cancellationToken) =>
            Task.FromResult<CallProgressView?>(new CallProgressView("a", Interlocked.Increment(ref _asked), null, "words"));

        public Task<RunView?> GetAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RunView?> CancelAsync(string by, string? reason, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RunView?> ApproveAsync(string by, string step, bool approved, string? note, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<RunView?> SignalAsync(string by, string name, JsonElement payload, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<TracePage?> GetTraceAsync(long afterSeq, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
