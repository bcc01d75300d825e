using System.Text.Json;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>What every session shares.</summary>
internal sealed record SessionServices(ISandboxDriver Driver, RunnerOptions Options, TimeProvider Time, ILogger<McpSession> Logger);

/// <summary>One MCP conversation over the stdio of an untrusted process. Nothing that the process prints can throw, hang or grow it beyond its caps.</summary>
internal sealed partial class McpSession : IAsyncDisposable
{
    private const int MaxServerRequests = 1000;
    private const int MaxEchoedIdChars = 256;

    private static readonly TimeSpan s_drainPatience = TimeSpan.FromSeconds(2);

    private readonly SessionServices _services;
    private readonly ILogger _logger;
    private readonly SandboxJournal _journal;
    private readonly Outbox _outbox = new();
    private readonly OutputBudget _budget;
    private readonly Handshake _handshake;
    private readonly AnswerReader _answers;
    private readonly StderrTail _stderr;
    private readonly CancellationTokenSource _stop = new();
    private LineReader? _reader;
    private ITimer? _handshakeTimer;
    private Task _run = Task.CompletedTask;
    private int _serverRequests;
    private bool _stderrInStdout;
    private bool _wasReady;
    private bool _disposed;

    public McpSession(string id, SandboxJournal journal, SecretScrubber scrubber, SessionServices services)
    {
        Id = id;
        _journal = journal;
        _services = services;
        _logger = services.Logger;
        _budget = new OutputBudget(services.Options.MaxOutputBytes);
        _handshake = new Handshake(id, journal, _outbox, scrubber, services.Time);
        _answers = new AnswerReader(scrubber);
        _stderr = new StderrTail(scrubber);
        Calls = new CallTable(journal, _outbox, services.Options, services.Time);
    }

    /// <summary>The sandbox' id.</summary>
    public string Id { get; }

    /// <summary>Called once when it ends, whatever the cause.</summary>
    public Action? Ended { get; init; }

    /// <summary>Its calls.</summary>
    public CallTable Calls { get; }

    /// <summary>Its phase.</summary>
    public SessionState State { get; } = new();

    /// <summary>Bytes of stdout read so far.</summary>
    public long StdoutBytes => Volatile.Read(ref _reader)?.TotalBytes ?? 0;

    /// <summary>Its stderr.</summary>
    public StderrTail Stderr => _stderr;

    /// <summary>Begins to talk.</summary>
    public void Start(ISandboxConnection connection)
    {
        Begin(restored: false);
        _run = Task.Run(() => RunAsync(connection));
    }

    /// <summary>Goes on where an earlier process was, as soon as <paramref name="attach"/> gives the output anew from its first byte.</summary>
    public void Resume(Func<CancellationToken, Task<ISandboxConnection>> attach) => _run = Task.Run(() => ResumeAsync(attach));

    /// <summary>Ends it for a cause of ours, then kills the container. A failing engine is logged; the reaper tries again.</summary>
    public async Task EndAsync(SandboxPhase phase, string code, string reason)
    {
        if (!Conclude(phase, code, reason, null, () => _journal.WriteEnd(new EndRecord(phase, code, reason, _services.Time.GetUtcNow()))))
        {
            return;
        }

        await _stop.CancelAsync();
        try
        {
            await _services.Driver.StopAsync(Id, CancellationToken.None);
        }
        catch (SandboxException e)
        {
            LogStopFailed(Id, e.Fault);
        }
    }

    /// <summary>Marks it as ended without touching the container.</summary>
    public bool Conclude(SandboxPhase phase, string code, string reason, int? exitCode, Action? record)
    {
        if (!State.TryEnd(phase, code, reason, exitCode, () => Try(record)))
        {
            return false;
        }

        _handshakeTimer?.Dispose();
        Ended?.Invoke();
        Calls.Close(code, reason);
        LogEnded(Id, phase, code);
        return true;
    }

    /// <summary>Lets go of the stdio and leaves the container running.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        _handshakeTimer?.Dispose();
        Calls.Disarm();
        await _stop.CancelAsync();
        await _run;

        // A resumption that was just done has started them again.
        _handshakeTimer?.Dispose();
        Calls.Disarm();
        _stop.Dispose();
    }

    private void Begin(bool restored)
    {
        _handshake.Begin();
        _handshakeTimer = _services.Time.CreateTimer(_ => _ = EndAsync(
            SandboxPhase.Failed, SandboxReasons.HandshakeFailed, "The server did not answer the MCP handshake in time."), null, HandshakeDue(restored), Timeout.InfiniteTimeSpan);
    }

    private TimeSpan HandshakeDue(bool restored)
    {
        var full = TimeSpan.FromSeconds(_services.Options.HandshakeSeconds);
        if (!restored || _journal.InitializeSentAt is not { } sentAt)
        {
            return full;
        }

        var left = sentAt + full - _services.Time.GetUtcNow();
        var grace = TimeSpan.FromSeconds(_services.Options.ReplayGraceSeconds);
        return left > grace ? left : grace;
    }

    private async Task RunAsync(ISandboxConnection connection)
    {
        _stderrInStdout = connection.StderrInStdout;
        try
        {
            await using (connection)
            {
                var writing = _outbox.RunAsync(connection.Stdin, _stop.Token);
                var stderr = DrainStderrAsync(connection.Stderr);
                try
                {
                    await ReadStdoutAsync(connection.Stdout);
                    await Task.WhenAny(stderr, Task.Delay(s_drainPatience, _services.Time, _stop.Token));
                    await ConcludeExitAsync();
                }
                finally
                {
                    await _stop.CancelAsync();
                    await writing.WaitAsync(s_drainPatience, _services.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped or detached.
        }
        catch (SandboxException e) when (e.Fault == SandboxFault.OutputLost)
        {
            await EndAsync(SandboxPhase.Failed, SandboxReasons.OutputLimit, e.Message);
        }
        catch (Exception e)
        {
            LogBroken(e, Id);
            await EndAsync(SandboxPhase.Failed, SandboxReasons.SandboxLost, "The runner lost the connection to the sandbox.");
        }
    }

    private async Task ReadStdoutAsync(Stream stdout)
    {
        var reader = new LineReader(stdout, _services.Options.MaxLineBytes, _budget);
        Volatile.Write(ref _reader, reader);
        while (true)
        {
            var read = await NextAsync(reader);
            switch (read.Kind)
            {
                case LineKind.End:
                    return;
                case LineKind.OverBudget:
                    await EndForOutputAsync();
                    return;
                case LineKind.TooLong:
                    OnTooLong(read.Bytes);
                    break;
                default:
                    await OnLineAsync(Inbound.Parse(read.Bytes), read.Bytes);
                    break;
            }
        }
    }

    private async ValueTask<LineRead> NextAsync(LineReader reader)
    {
        try
        {
            return await reader.ReadAsync(_stop.Token);
        }
        catch (IOException)
        {
            // A pipe that breaks is an end like any other; the engine is asked what became of the process.
            return new LineRead(LineKind.End, default);
        }
    }

    private Task EndForOutputAsync() =>
        EndAsync(SandboxPhase.Failed, SandboxReasons.OutputLimit, $"The server printed more than {_services.Options.MaxOutputBytes} bytes or {_services.Options.MaxNoiseLines} lines of noise.");

    private async Task DrainStderrAsync(Stream stderr)
    {
        var buffer = new byte[8 * 1024];
        try
        {
            int count;
            while ((count = await stderr.ReadAsync(buffer, _stop.Token)) > 0)
            {
                _stderr.Append(buffer.AsSpan(0, count));
                if (!_budget.TryTake(count))
                {
                    await EndForOutputAsync();
                    return;
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Stderr is evidence only.
        }
    }

    private void Try(Action? record)
    {
        try
        {
            record?.Invoke();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogJournalFailed(e, Id);
        }
    }
}
