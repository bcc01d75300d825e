namespace Actors.RunnerApi.Sandboxes;

/// <summary>Stdio of a container that survives the loss of the engine's client: as long as the container runs, it is attached again and each output goes on at the byte where it stopped.</summary>
internal sealed class ReconnectingConnection : ISandboxConnection
{
    // A server that closes its stdout and runs on looks the same as a lost client: give up after so many attempts without a new byte.
    private const int MostFruitlessAttempts = 3;
    private const int EndPolls = 20;
    private static readonly TimeSpan EndPoll = TimeSpan.FromMilliseconds(100);

    private readonly ISandboxDriver _driver;
    private readonly string _id;
    private readonly SemaphoreSlim _reconnecting = new(1, 1);
    private readonly CancellationTokenSource _disposed = new();
    private int _fruitless;

    public ReconnectingConnection(ISandboxDriver driver, string id, ISandboxConnection first)
    {
        _driver = driver;
        _id = id;
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

    /// <summary>Replaces <paramref name="lost"/> unless that has been done; false when the container has ended or nothing can be reached any more.</summary>
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

            if (await HasEndedAsync(either.Token) || ++_fruitless > MostFruitlessAttempts)
            {
                return false;
            }

            Current = await _driver.AttachAsync(_id, either.Token);
            await lost.DisposeAsync();
            return true;
        }
        finally
        {
            _reconnecting.Release();
        }
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
