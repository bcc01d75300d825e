using System.Threading.Channels;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <summary>The only writer of a server's stdin: whole lines, in order. A server that does not read holds back the queue, never a caller.</summary>
internal sealed class Outbox
{
    private const int Capacity = 256;

    private readonly Channel<Func<byte[]?>> _queue = Channel.CreateBounded<Func<byte[]?>>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    /// <summary>Queues a line. <paramref name="begin"/> runs just before the write and gives the bytes, or null to send nothing. False when the queue is full.</summary>
    public bool TryPost(Func<byte[]?> begin) => _queue.Writer.TryWrite(begin);

    /// <summary>Writes until cancelled or until stdin breaks. A line that was begun is written to its end, because its marker is on disk.</summary>
    public async Task RunAsync(Stream stdin, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var begin in _queue.Reader.ReadAllAsync(cancellationToken))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (begin() is { } line)
                {
                    await stdin.WriteAsync(line, CancellationToken.None);
                    await stdin.FlushAsync(CancellationToken.None);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException or SandboxException)
        {
            // A broken stdin means that the server is going: the end of its stdout decides what became of the calls.
        }
    }
}
