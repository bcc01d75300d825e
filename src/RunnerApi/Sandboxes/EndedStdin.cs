namespace Actors.RunnerApi.Sandboxes;

/// <summary>Stdin of a container that has ended.</summary>
internal sealed class EndedStdin : StdioStream
{
    public override bool CanWrite => true;

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromException(new IOException("The container has ended; nothing reads its stdin."));
}
