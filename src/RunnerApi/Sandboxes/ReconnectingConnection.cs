namespace Actors.RunnerApi.Sandboxes;

/// <summary>Stdio of a container that survives the loss of the engine's client: as long as the container runs, it is attached again and each output goes on at the byte where it stopped.</summary>
internal sealed class ReconnectingConnection : ISandboxConnection
{
    // A server that closes its stdout and runs on looks the same as a lost client: give up after so many attempts that brought no new byte and held only for a moment.
    private const int MostFruitlessAttempts = 3;
    private const int EndPolls = 20;
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndPoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ISandboxDriver _driver;
    private readonly string _id;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _reconnecting = new(1, 1);
    private readonly CancellationTokenSource _disposed = new();
    private int _fruitless;
    private long _since;

    /// <param name="driver">Attaches again.</param>
    /// <param name="id">The sandbox.</param>
    /// <param name="first">Its first connection.</param>
    /// <param name="time">Clock of the pauses between two looks at an engine, and of how long a connection held.</param>
    public ReconnectingConnection(ISandboxDriver driver, string id, ISandboxConnection first, TimeProvider time)
    {
        _driver = driver;
        _id = id;
        _time = time;
        _since = time.GetTimestamp();
        Current = first;
        Stdin = new ResumedInput(this);
        Stdout = new ResumedOutput(this, c => c.Stdout);
        Stderr = new ResumedOutput(this, c => c.Stderr);
    }

    public Stream Stdin { get; }

    public Stream Stdout { get; }

    public Stream Stderr { get; }

    public bool StderrInStdout => Current.StderrInStdout;

    /// <summary>The connection of now.</summary>
    internal ISandboxConnection Current { get; private set; }

    public async ValueTask DisposeAsync()
    {
        // Who is reconnecting gives up first, so that no new client is left behind.
        await _disposed.CancelAsync();
        await _reconnecting.WaitAsync();
        await Current.DisposeAsync();
        _reconnecting.Release();
    }

    /// <summary>An output brought something: the connection works.</summary>
    internal void Progressed() => Volatile.Write(ref _fruitless, 0);

    /// <summary>Replaces <paramref name="lost"/> unless that has been done; false when the container has ended or nothing can be reached any more. An engine that is away is waited for.</summary>
    /// <exception cref="SandboxException">The container cannot be attached again.</exception>
    internal async Task<bool> ReconnectAsync(ISandboxConnection lost, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
        await _reconnecting.WaitAsync(either.Token);
        try
        {
            either.Token.ThrowIfCancellationRequested();
            if (Current != lost)
            {
                return true;
            }

            _fruitless = _time.GetElapsedTime(_since) < Moment ? _fruitless + 1 : 0;
            return await ReplacePatientlyAsync(lost, either.Token);
        }
        finally
        {
            _reconnecting.Release();
        }
    }

    // What became of a container is not known before its engine answers, so that it is away says nothing.
    private async Task<bool> ReplacePatientlyAsync(ISandboxConnection lost, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 > LongestPause ? LongestPause : pause * 2)
        {
            try
            {
                return await ReplaceAsync(lost, cancellationToken);
            }
            catch (SandboxException e) when (e.Fault == SandboxFault.EngineUnavailable)
            {
                _fruitless = 0;
                await Task.Delay(pause, _time, cancellationToken);
            }
        }
    }

    private async Task<bool> ReplaceAsync(ISandboxConnection lost, CancellationToken cancellationToken)
    {
        if (await HasEndedAsync(cancellationToken))
        {
            // What it printed last is still to be read.
            return false;
        }

        var giveUp = _fruitless > MostFruitlessAttempts;
        try
        {
            Current = giveUp ? lost : await _driver.AttachAsync(_id, cancellationToken);
        }
        catch (SandboxException e) when (e.Fault != SandboxFault.EngineUnavailable)
        {
            // Whoever reads the outputs shall see it too: it may be stdin alone that broke.
            await lost.DisposeAsync();
            throw;
        }

        _since = _time.GetTimestamp();
        await lost.DisposeAsync();
        return !giveUp;
    }

    // The engine needs a moment, of real time, to notice an exit.
    private async Task<bool> HasEndedAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < EndPolls; i++)
        {
            if (await _driver.InspectAsync(_id, cancellationToken) is not { State: SandboxState.Running })
            {
                return true;
            }

            await Task.Delay(EndPoll, TimeProvider.System, cancellationToken);
        }

        return false;
    }
}
