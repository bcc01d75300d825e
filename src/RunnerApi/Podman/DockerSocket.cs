namespace Actors.RunnerApi.Podman;

/// <summary>The socket of the Docker daemon, which somebody else runs: that of <c>DOCKER_HOST</c> when it names one, else the daemon's default.</summary>
internal sealed class DockerSocket : IEngineSocket
{
    private const string Scheme = "unix://";

    internal static string Path { get; } =
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { } host && host.StartsWith(Scheme, StringComparison.Ordinal) ? host[Scheme.Length..] : "/var/run/docker.sock";

    public Task ReadyAsync(bool refused, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken) => IEngineSocket.ConnectAsync(Path, cancellationToken);
}
