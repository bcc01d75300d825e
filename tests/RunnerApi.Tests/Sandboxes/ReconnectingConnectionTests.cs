using Actors.RunnerApi.Sandboxes;
using Actors.Testing;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public sealed class ReconnectingConnectionTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Engine _engine = new();
    private readonly byte[] _buffer = new byte[10];

    [Fact]
    public async Task ReadAsync_EngineAwayForLong_GoesOnOnceItAnswers()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.Away = true;
        _engine.Last.Cut();
        var read = connection.Stdout.ReadAsync(_buffer).AsTask();
        foreach (var pause in new[] { 1, 2, 4, 8, 16, 30, 30 })
        {
            await Poll.UntilAsync(() => _time.IsArmed(TimeSpan.FromSeconds(pause)) || read.IsCompleted);
            Assert.False(read.IsCompleted, "gave up");
            _time.Advance(TimeSpan.FromSeconds(pause));
        }

        _engine.Away = false;
        _engine.Prepare("late");
        await Poll.UntilAsync(() => _time.IsArmed(TimeSpan.FromSeconds(30)) || read.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(4, await read);
    }

    [Fact]
    public async Task ReadAsync_EngineAwayAtTheEnd_GivesWhatWasPrintedLast()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.Last.Tail = "last words";
        (_engine.Away, _engine.Ended) = (true, true);
        _engine.Last.Away = () => _engine.Away;
        _engine.Last.Cut();
        var read = connection.Stdout.ReadAsync(_buffer).AsTask();
        await Poll.UntilAsync(() => _time.IsArmed(TimeSpan.FromSeconds(1)) || read.IsCompleted);
        _engine.Away = false;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("last words", System.Text.Encoding.UTF8.GetString(_buffer, 0, await read));
        Assert.Equal(0, await connection.Stdout.ReadAsync(_buffer));
    }

    [Fact]
    public async Task DisposeAsync_WhileTheEngineIsAway_EndsTheWait()
    {
        var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.Away = true;
        _engine.Last.Cut();
        var read = connection.Stdout.ReadAsync(_buffer).AsTask();
        await Poll.UntilAsync(() => _time.IsArmed(TimeSpan.FromSeconds(1)) || read.IsCompleted);

        await connection.DisposeAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Fact]
    public async Task ReadAsync_SilentForHours_OutlivesAnyNumberOfCuts()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        var read = connection.Stdout.ReadAsync(_buffer).AsTask();
        for (var cuts = 1; cuts <= 5; cuts++)
        {
            _time.Advance(TimeSpan.FromMinutes(30));
            _engine.Prepare(cuts == 5 ? "at last" : "");
            _engine.Last.Cut();
            await Poll.UntilAsync(() => _engine.Attached > cuts || read.IsCompleted);
        }

        Assert.Equal(7, await read);
    }

    [Fact]
    public async Task ReadAsync_ConnectionsThatEndAtOnce_EndsAfterThree()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.AllCut = true;
        _engine.Last.Cut();

        Assert.Equal(0, await connection.Stdout.ReadAsync(_buffer));
        Assert.Equal(4, _engine.Attached);
    }

    [Fact]
    public async Task WriteAsync_NothingSent_SendsTheWholeLineAgain()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.Last.Refuse = new NothingSentException("closed");

        await connection.Stdin.WriteAsync("call\n"u8.ToArray());

        Assert.Equal("call\n"u8.ToArray(), _engine.Last.Written);
    }

    [Fact]
    public async Task WriteAsync_BrokenTwice_EndsTheBrokenLineAlone()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.Last.Refuse = new IOException("broke");
        _engine.Prepare("", refuse: new IOException("broke too"));

        await connection.Stdin.WriteAsync("call\n"u8.ToArray());

        Assert.Equal(3, _engine.Attached);
        Assert.Equal("\n"u8.ToArray(), _engine.Last.Written);
    }

    [Fact]
    public async Task WriteAsync_CannotBeAttachedAgain_ReachesTheReaderToo()
    {
        await using var connection = new ReconnectingConnection(_engine, "box", _engine.Next(), _time);
        _engine.Last.Refuse = new IOException("broke");
        _engine.Lost = true;
        var read = connection.Stdout.ReadAsync(_buffer).AsTask();

        var written = await Assert.ThrowsAsync<SandboxException>(async () => await connection.Stdin.WriteAsync("call\n"u8.ToArray()));
        var seen = await Assert.ThrowsAsync<SandboxException>(() => read.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System));

        Assert.Equal((SandboxFault.OutputLost, SandboxFault.OutputLost), (written.Fault, seen.Fault));
    }

    /// <summary>A running container whose connections are what a test prepared, or silent.</summary>
    private sealed class Engine : ISandboxDriver
    {
        private readonly Queue<Connection> _prepared = [];

        public volatile bool Away;

        public bool Lost { get; set; }

        public bool Ended { get; set; }

        public bool AllCut { get; set; }

        public int Attached { get; private set; }

        public Connection Last { get; private set; } = null!;

        public void Prepare(string output, Exception? refuse = null) => _prepared.Enqueue(new Connection(output) { Refuse = refuse });

        public Connection Next()
        {
            Last = _prepared.TryDequeue(out var prepared) ? prepared : new Connection("");
            Attached++;
            if (AllCut)
            {
                Last.Cut();
            }

            return Last;
        }

        public Task<ISandboxConnection> AttachAsync(string id, CancellationToken cancellationToken) =>
            Lost ? throw new SandboxException(SandboxFault.OutputLost, "The log is full.") : Task.FromResult<ISandboxConnection>(Next());

        public Task<SandboxStatus?> InspectAsync(string id, CancellationToken cancellationToken) => Away
            ? throw new SandboxException(SandboxFault.EngineUnavailable, "The engine is away.")
            : Task.FromResult<SandboxStatus?>(new SandboxStatus(id, "pod", Ended ? SandboxState.Exited : SandboxState.Running, null, OutOfMemory: false, "runc", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch));

        public Task<SandboxStatus> CreateAsync(SandboxSpec spec, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<SandboxStatus>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task StopAsync(string id, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<ForbiddenTarget>> ForbiddenTargetsAsync(string? neighbour, int neighbourPort, CancellationToken cancellationToken) => throw new NotSupportedException();

        public string? ResolveRuntime(SandboxRuntime wanted) => throw new NotSupportedException();
    }

    /// <summary>Gives its output, then nothing until it is cut or disposed.</summary>
    private sealed class Connection : ISandboxConnection
    {
        private readonly Output _stdout;
        private readonly Output _stderr = new("");
        private readonly Input _stdin;

        public Connection(string output)
        {
            _stdout = new Output(output);
            _stdin = new Input(this);
        }

        public Exception? Refuse { get; set; }

        /// <summary>What stdout gives after it was cut, once.</summary>
        public string Tail { set => _stdout.Tail = value; }

        /// <summary>Whether the engine cannot be asked for it.</summary>
        public Func<bool> Away { set => _stdout.Away = value; }

        public byte[] Written { get; set; } = [];

        public Stream Stdin => _stdin;

        public Stream Stdout => _stdout;

        public Stream Stderr => _stderr;

        public void Cut()
        {
            _stdout.Ended.TrySetResult();
            _stderr.Ended.TrySetResult();
        }

        public ValueTask DisposeAsync()
        {
            Cut();
            return ValueTask.CompletedTask;
        }

        private sealed class Input(Connection owner) : StdioStream
        {
            public override bool CanWrite => true;

            public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
            {
                owner.Written = [.. owner.Written, .. buffer.Span];
                return owner.Refuse is { } e ? ValueTask.FromException(e) : ValueTask.CompletedTask;
            }
        }

        private sealed class Output(string text) : StdioStream
        {
            private readonly MemoryStream _text = new(System.Text.Encoding.UTF8.GetBytes(text));

            public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

            public string Tail { get; set; } = "";

            public Func<bool> Away { get; set; } = () => false;

            public override bool CanRead => true;

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                if (_text.Read(buffer.Span) is > 0 and var read)
                {
                    return read;
                }

                await Ended.Task.WaitAsync(cancellationToken);
                if (Away())
                {
                    throw new SandboxException(SandboxFault.EngineUnavailable, "The engine is away.");
                }

                var count = System.Text.Encoding.UTF8.GetBytes(Tail, buffer.Span);
                Tail = "";
                return count;
            }
        }
    }
}
