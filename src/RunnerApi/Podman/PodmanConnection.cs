using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Stdio of one container over up to two clients of the engine, which end with it.</summary>
internal sealed class PodmanConnection : ISandboxConnection
{
    private readonly EngineClient?[] _clients;
    private readonly Task _drained;

    private PodmanConnection(Stream stdin, Stream stdout, Stream stderr, Task drained, params EngineClient?[] clients)
    {
        Stdin = stdin;
        Stdout = stdout;
        Stderr = stderr;
        _drained = drained;
        _clients = clients;
    }

    public Stream Stdin { get; }

    public Stream Stdout { get; }

    public Stream Stderr { get; }

    /// <summary>One client that carries all three streams, connected before the container's first byte.</summary>
    internal static PodmanConnection Live(EngineClient client, Func<bool, CancellationToken, Task<Stream?>> tail) => new(
        client.Stdin,
        new LiveOutput(client.Stdout, cancellationToken => tail(false, cancellationToken)),
        new LiveOutput(client.Stderr, cancellationToken => tail(true, cancellationToken)),
        Task.CompletedTask,
        client);

    /// <summary>Outputs from elsewhere, stdin through <paramref name="attached"/>, whose own outputs are dropped; null when the container has ended.</summary>
    internal static PodmanConnection Replayed(Stream stdout, Stream stderr, EngineClient? attached, EngineClient? logs = null) => new(
        attached?.Stdin ?? new EndedStdin(),
        stdout,
        stderr,
        attached is null ? Task.CompletedTask : Task.WhenAll(EngineClient.DrainAsync(attached.Stdout), EngineClient.DrainAsync(attached.Stderr)),
        attached,
        logs);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.OfType<EngineClient>())
        {
            await client.DisposeAsync();
        }

        await _drained;
        await Stdout.DisposeAsync();
        await Stderr.DisposeAsync();
    }
}
