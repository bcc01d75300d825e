using System.Threading.Channels;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Store;

/// <summary>Collects what waits to be written and writes it in one transaction: while a batch is under way, the next one gathers. Each write gets its own answer.</summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    private const int LargestBatch = 64;

    // A batch of so many bytes takes a fraction of the time that a statement may take, even on a slow disk.
    private const long LargestSize = 4 << 20;

    // A statement that takes too long: small ones wait for a database that is slow, a large one may be the reason.
    private const long SmallSize = 64 << 10;
    private const int MostTimeoutsTogether = 2;
    private const int MostTimeoutsAlone = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);
    private readonly ISqlDialect _dialect;
    private readonly WriteJudge _judge;
    private readonly Channel<StoreWrite> _queue = Channel.CreateUnbounded<StoreWrite>();
    private readonly CancellationTokenSource _closing = new();
    private readonly Task[] _writers;

    public GroupCommit(ISqlDialect dialect, WriteJudge judge)
    {
        _dialect = dialect;
        _judge = judge;
        _writers = [.. Enumerable.Range(0, dialect.BatchesInFlight).Select(_ => Task.Run(WriteAllAsync))];
    }

    /// <summary>Writes; the write's answer tells what became of it. A cancelled one may be durable all the same.</summary>
    public async Task RunAsync(StoreWrite write, Task answer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var stop = cancellationToken.UnsafeRegister(static (w, token) => ((StoreWrite)w!).Cancel(token), write);
        if (!_queue.Writer.TryWrite(write))
        {
            throw new StoreUnavailableException("The store is closed.");
        }

        await answer;
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _closing.CancelAsync();
        await Task.WhenAll(_writers);
        while (_queue.Reader.TryRead(out var left))
        {
            left.Fail(new StoreUnavailableException("The store is closed."));
        }

        _closing.Dispose();
    }

    private async Task WriteAllAsync()
    {
        var batch = new List<StoreWrite>(LargestBatch);
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_closing.Token))
            {
                // The other writer may take the one that was looked at: then this batch is larger by one write.
                for (var size = 0L; batch.Count < LargestBatch && _queue.Reader.TryPeek(out var next) && (batch.Count == 0 || size + next.Size <= LargestSize) && _queue.Reader.TryRead(out var write); size += write.Size)
                {
                    batch.Add(write);
                }

                await WriteAsync(batch);
                batch.Clear();
            }
        }
        catch (Exception) when (_closing.IsCancellationRequested)
        {
            batch.ForEach(w => w.Fail(new StoreUnavailableException("The store was closed.")));
        }
    }

    private async Task WriteAsync(IReadOnlyList<StoreWrite> writes, int timeouts = 0)
    {
        for (var attempt = 0; ; attempt++)
        {
            var open = writes.Where(w => !w.IsOver).ToList();
            if (open.Count == 0)
            {
                return;
            }

            try
            {
                var held = await _dialect.WriteAsync(new WriteBatch(open), _closing.Token);
                await AnswerAsync(open, held);
                return;
            }
            catch (Exception e) when (_dialect.IsTransient(e) && !_closing.IsCancellationRequested)
            {
                // The transaction may have been durable before the connection broke: the fence lets it in once only, and the judge looks.
                open.ForEach(w => w.IsUncertain = true);
                timeouts = _dialect.IsTimeout(e) ? timeouts + 1 : 0;
                if (open.Count > 1 ? timeouts >= MostTimeoutsTogether : timeouts >= MostTimeoutsAlone && open[0].Size > SmallSize)
                {
                    await SplitAsync(open, "the database needs too long for it", e);
                    return;
                }

                await PauseAsync(attempt);
            }
            catch (Exception e) when (!_closing.IsCancellationRequested && _dialect.RefusesData(e))
            {
                await SplitAsync(open, "the database refuses its data", e);
                return;
            }
            catch (Exception e) when (!_closing.IsCancellationRequested)
            {
                // A missing table, a right that was taken away: no run is to blame.
                open.ForEach(w => w.Fail(new StoreUnavailableException($"The database does not take writes: {e.Message}", e)));
                return;
            }
        }
    }

    // Somebody's data is refused or too much: only that one shall fail.
    private async Task SplitAsync(List<StoreWrite> writes, string reason, Exception fault)
    {
        if (writes is [var one])
        {
            one.Fail(new UnstorableException(one.Id, reason, fault));
            return;
        }

        var half = writes.Count / 2;
        await WriteAsync(writes[..half], timeouts: 1);
        await WriteAsync(writes[half..], timeouts: 1);
    }

    private async Task AnswerAsync(List<StoreWrite> writes, IReadOnlySet<StoreWrite> held)
    {
        foreach (var write in writes.Where(held.Contains))
        {
            WriteJudge.Confirm(write);
        }

        foreach (var write in writes.Where(w => !held.Contains(w)))
        {
            await _judge.ExplainAsync(write, _closing.Token);
        }
    }

    private Task PauseAsync(int attempt)
    {
        var pause = Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(attempt, 10)), LongestPause.TotalMilliseconds);
        return Task.Delay(TimeSpan.FromMilliseconds(pause * (0.5 + (Random.Shared.NextDouble() / 2))), TimeProvider.System, _closing.Token);
    }
}
