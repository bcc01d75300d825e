using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Stdio of one container over streams of the engine's API or clients of its program, which end with it.</summary>
internal sealed class PodmanConnection : ISandboxConnection
{
    private readonly IAsyncDisposable?[] _streams;
    private readonly Func<Task> _end;

    private PodmanConnection(Stream stdin, Stream stdout, Stream stderr, Func<Task> end, params IAsyncDisposable?[] streams)
    {
        Stdin = stdin;
        Stdout = stdout;
        Stderr = stderr;
        _end = end;
        _streams = streams;
    }

    public Stream Stdin { get; }

    public Stream Stdout { get; }

    public Stream Stderr { get; }

    /// <summary>One attached stream that carries all three, connected before the container's first byte.</summary>
    internal static PodmanConnection Live(EngineStream attached, Func<bool, CancellationToken, Task<Stream?>> tail)
    {
        var outputs = new OutputFrames(attached.Stream);
        return new PodmanConnection(
            new AttachedStdin(attached.Stream, outputs.Ended),
            new LiveOutput(outputs.Stdout, cancellationToken => tail(false, cancellationToken)),
            new LiveOutput(outputs.Stderr, cancellationToken => tail(true, cancellationToken)),
            outputs.EndAsync,
            attached);
    }

    /// <summary>Outputs from elsewhere, stdin through <paramref name="attached"/>, whose own outputs are dropped; null when the container has ended.</summary>
    internal static PodmanConnection Replayed(Stream stdout, Stream stderr, EngineClient? attached, EngineClient? logs = null)
    {
        var drained = attached is null ? Task.CompletedTask : Task.WhenAll(EngineClient.DrainAsync(attached.Stdout), EngineClient.DrainAsync(attached.Stderr));
        return new PodmanConnection(attached?.Stdin ?? new EndedStdin(), stdout, stderr, () => drained, attached, logs);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in _streams.OfType<IAsyncDisposable>())
        {
            await stream.DisposeAsync();
        }

        await _end();
        await Stdout.DisposeAsync();
        await Stderr.DisposeAsync();
    }
}
