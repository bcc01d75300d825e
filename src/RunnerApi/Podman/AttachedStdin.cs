using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>A container's stdin over an attached connection. Closing it leaves the container's open.</summary>
/// <param name="connection">Written to; its owner disposes it.</param>
/// <param name="ended">Completes when the container has ended or the connection broke.</param>
internal sealed class AttachedStdin(Stream connection, Task ended) : StdioStream
{
    public override bool CanWrite => true;

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (ended.IsCompleted)
        {
            throw new NothingSentException("The container has ended, or the connection to its stdin broke.");
        }

        try
        {
            await connection.WriteAsync(buffer, cancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("The connection to the container's stdin is closed.", e);
        }
    }
}
