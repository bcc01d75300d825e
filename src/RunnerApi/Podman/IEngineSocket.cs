using System.Net.Sockets;

namespace Actors.RunnerApi.Podman;

/// <summary>The Unix socket on which an engine serves its API.</summary>
internal interface IEngineSocket
{
    /// <summary>Returns when the engine serves, which this may have to bring about.</summary>
    /// <param name="refused">The last connection was refused: whoever seemed to serve does not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="Actors.RunnerApi.Sandboxes.SandboxException"><see cref="Actors.RunnerApi.Sandboxes.SandboxFault.EngineUnavailable"/>.</exception>
    Task ReadyAsync(bool refused, CancellationToken cancellationToken);

    /// <summary>A connection to it.</summary>
    /// <exception cref="SocketException">Nobody listens.</exception>
    ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Connects to a Unix socket.</summary>
    /// <param name="path">Where it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="check">Throws when the one who listens is not who it should be.</param>
    /// <exception cref="SocketException">Nobody listens there, or this user may not.</exception>
    protected static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken, Action<Socket>? check = null)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            check?.Invoke(socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
