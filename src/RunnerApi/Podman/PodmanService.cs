using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Podman's API for one runtime, served by a <c>podman system service</c> of this driver on a socket that only its user can reach.
/// It is started when it is needed, and ends by itself when for a while nothing was asked and nothing is attached, also when the runner is dead. Containers are not its children: they outlive it.</summary>
internal sealed class PodmanService(PodmanOptions options, IReadOnlyList<string> launching) : IEngineSocket, IAsyncDisposable
{
    private const int IdleSeconds = 60;

    // sockaddr_un holds 108 with the closing zero.
    private const int MostPathBytes = 107;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    private readonly SemaphoreSlim _starting = new(1, 1);
    private volatile EngineClient? _service;
    private volatile string _directory = "";
    private bool _disposed;

    private string SocketPath => Path.Combine(_directory, "sock");

    public ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken) => IEngineSocket.ConnectAsync(SocketPath, cancellationToken, Peer.RequireOwn);

    public async Task ReadyAsync(bool refused, CancellationToken cancellationToken)
    {
        if (!refused && _service is { Exited.IsCompleted: false })
        {
            return;
        }

        await _starting.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);

            // The socket of one that runs can be gone: temporary directories are swept.
            if (_service is not { Exited.IsCompleted: false } || (refused && !await ListensAsync(cancellationToken)))
            {
                await EndAsync();
                _service = await StartAsync(cancellationToken);
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _starting.WaitAsync();
        if (!_disposed)
        {
            _disposed = true;
            await EndAsync();
        }

        _starting.Release();
    }

    private async Task EndAsync()
    {
        await (_service?.DisposeAsync() ?? ValueTask.CompletedTask);
        _service = null;
        try
        {
            if (Directory.Exists(_directory))
            {
                Directory.Delete(_directory, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Swept away meanwhile, or no longer ours: nothing of it is used again.
        }
    }

    private async Task<EngineClient> StartAsync(CancellationToken cancellationToken)
    {
        // A new one each time: a name that was used once could be somebody else's by now.
        _directory = Directory.CreateTempSubdirectory("actors-podman-").FullName;
        if (Encoding.UTF8.GetByteCount(SocketPath) > MostPathBytes)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"The path of Podman's socket, '{SocketPath}', is longer than the {MostPathBytes} bytes that a socket's may have; set TMPDIR to a shorter directory.");
        }

        var service = EngineClient.Start(options.Program, [.. launching, "system", "service", "--time", IdleSeconds.ToString(CultureInfo.InvariantCulture), "unix://" + SocketPath]);
        service.Stdin.Close();
        var words = EngineCli.WordsAsync(service, CancellationToken.None);
        _ = EngineClient.DrainAsync(service.Stdout);
        try
        {
            while (!await ListensAsync(cancellationToken))
            {
                if (service.Exited.IsCompleted)
                {
                    throw new SandboxException(
                        SandboxFault.EngineUnavailable,
                        $"'{options.Program} system service' ended with exit code {service.ExitCode}: {EngineWords.Of(await words.WaitAsync(cancellationToken), SecretScrubber.None)}");
                }

                await Task.WhenAny(service.Exited, Task.Delay(Look, TimeProvider.System, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }

            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    private async Task<bool> ListensAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await ConnectAsync(cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
