using System.Buffers;
using System.Net.Sockets;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Egress;

/// <summary>Passes bytes between a sandbox and its target until both have ended, or a bound is met. The end of one direction is passed on as such.</summary>
internal sealed class Splice(Socket client, Socket target, EgressGrant grant, EgressEntry entry, TimeSpan idle, TimeProvider time)
{
    private const int ChunkBytes = 16 * 1024;

    private string? _verdict;

    /// <summary>Runs to the end; gives the verdict.</summary>
    public async Task<string> RunAsync(CancellationToken cancellationToken)
    {
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await using var timer = time.CreateTimer(_ => Cut(cut, EgressVerdicts.IdleTimeout), null, idle, Timeout.InfiniteTimeSpan);
        await Task.WhenAll(
            PumpAsync(client, target, up: true, timer, cut),
            PumpAsync(target, client, up: false, timer, cut));
        return _verdict ?? (cancellationToken.IsCancellationRequested ? EgressVerdicts.Broken : EgressVerdicts.Closed);
    }

    private async Task PumpAsync(Socket from, Socket to, bool up, ITimer timer, CancellationTokenSource cut)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            int count;
            while ((count = await from.ReceiveAsync(buffer.AsMemory(0, ChunkBytes), cut.Token)) > 0)
            {
                if (!grant.TryTake(count))
                {
                    Cut(cut, EgressVerdicts.ByteLimit);
                    return;
                }

                // First: whoever has the bytes finds them counted.
                entry.Count(count, up);
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), cut.Token);
                }

                timer.Change(idle, Timeout.InfiniteTimeSpan);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            Cut(cut, EgressVerdicts.Broken);
        }
        catch (OperationCanceledException)
        {
            // Cut, for a reason that is known.
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Cut(CancellationTokenSource cut, string verdict)
    {
        Interlocked.CompareExchange(ref _verdict, verdict, null);
        cut.Cancel();
    }
}
