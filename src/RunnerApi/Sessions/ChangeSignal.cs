namespace Actors.RunnerApi.Sessions;

/// <summary>Wakes everyone who waits for a change. Take <see cref="Next"/> before reading the state, then await it.</summary>
internal sealed class ChangeSignal
{
    private TaskCompletionSource _next = New();

    /// <summary>Completes at the next change.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>Something changed.</summary>
    public void Pulse() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Returns when <paramref name="done"/> holds, or after <paramref name="wait"/>, or when cancelled; never throws for the latter.</summary>
    public async Task WaitAsync(Func<bool> done, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        if (wait <= TimeSpan.Zero)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(wait, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        while (!both.IsCancellationRequested)
        {
            var next = Next;
            if (done())
            {
                return;
            }

            await next.WaitAsync(both.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
