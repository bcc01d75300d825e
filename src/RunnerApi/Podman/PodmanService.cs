using System.Globalization;
using System.Net.Sockets;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Podman's API for one runtime, served by a <c>podman system service</c> of this driver on a socket that only its user can reach.
/// It is started when it is needed, and ends by itself when nothing was asked for a while, also when the runner is dead. Containers are not its children: they outlive it.</summary>
internal sealed class PodmanService(PodmanOptions options, IReadOnlyList<string> launching) : IEngineSocket, IAsyncDisposable
{
    private const int IdleSeconds = 60;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);

    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("actors-podman-");
    private volatile EngineClient? _service;
    private bool _disposed;

    private string Path => System.IO.Path.Combine(_directory.FullName, "sock");

    public ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken) => IEngineSocket.ConnectAsync(Path, cancellationToken);

    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        if (_service is { Exited.IsCompleted: false })
        {
            return;
        }

        await _starting.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_service is not { Exited.IsCompleted: false })
            {
                await (_service?.DisposeAsync() ?? ValueTask.CompletedTask);
                _service = null;
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
            await (_service?.DisposeAsync() ?? ValueTask.CompletedTask);
            _directory.Delete(recursive: true);
        }

        _starting.Release();
    }

    private async Task<EngineClient> StartAsync(CancellationToken cancellationToken)
    {
        File.Delete(Path);
        var service = EngineClient.Start(options.Program, [.. launching, "system", "service", "--time", IdleSeconds.ToString(CultureInfo.InvariantCulture), "unix://" + Path]);
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
