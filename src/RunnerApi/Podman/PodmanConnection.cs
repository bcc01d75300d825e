using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>One client that carries all three streams, connected before the container's first byte.</summary>
internal sealed class LiveConnection(EngineClient client) : ISandboxConnection
{
    public Stream Stdin => client.Stdin;

    public Stream Stdout => client.Stdout;

    public Stream Stderr => client.Stderr;

    public ValueTask DisposeAsync() => client.DisposeAsync();
}

/// <summary>Outputs from the engine's log, from the first byte on, and stdin through a second client whose outputs are dropped.</summary>
internal sealed class ReplayConnection : ISandboxConnection
{
    private static readonly TimeSpan LogCheckInterval = TimeSpan.FromSeconds(1);

    private readonly EngineClient _logs;
    private readonly EngineClient? _attached;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _background;
    private volatile SandboxException? _fault;

    internal ReplayConnection(EngineClient logs, EngineClient? attached, ContainerView view, TimeProvider time)
    {
        _logs = logs;
        _attached = attached;
        Stdin = attached?.Stdin ?? new EndedStdin();
        Stdout = new ReplayedOutput(logs.Stdout, () => _fault);
        Stderr = new ReplayedOutput(logs.Stderr, () => _fault);
        _background = attached is null
            ? Task.CompletedTask
            : Task.WhenAll(DrainAsync(attached.Stdout), DrainAsync(attached.Stderr), WatchLogAsync(view, time));
    }

    public Stream Stdin { get; }

    public Stream Stdout { get; }

    public Stream Stderr { get; }

    internal static SandboxException LogFull(ContainerView view) => new(
        SandboxFault.OutputLost,
        $"The log of sandbox '{view.Status.Id}' reached {view.LogBytes} bytes and took no more; what followed is lost. Stop the sandbox, or raise its output limit.");

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _logs.DisposeAsync();
        if (_attached is not null)
        {
            await _attached.DisposeAsync();
        }

        await _background;
        _closing.Dispose();
    }

    private async Task DrainAsync(Stream output)
    {
        try
        {
            await output.CopyToAsync(Stream.Null, _closing.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The connection is closing.
        }
    }

    // A full log would look like a silent container.
    private async Task WatchLogAsync(ContainerView view, TimeProvider time)
    {
        using var timer = new PeriodicTimer(LogCheckInterval, time);
        try
        {
            while (!_logs.Exited.IsCompleted && await timer.WaitForNextTickAsync(_closing.Token))
            {
                if (view.IsLogFull)
                {
                    _fault = LogFull(view);
                    _logs.Kill();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The connection is closing.
        }
    }
}
