namespace Actors.Grains.Runs;

/// <summary>Wakes one loop; any number of signals before it looks count as one.</summary>
internal sealed class WakeSignal(TimeProvider time)
{
    private TaskCompletionSource _next = New();

    public void Set() => Volatile.Read(ref _next).TrySetResult();

    /// <summary>Ends at a signal since the last call, or after <paramref name="most"/>.</summary>
    public async Task WaitAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await Volatile.Read(ref _next).Task.WaitAsync(most, time, cancellationToken);

            // Not on the back of whoever signals.
            await Task.Yield();
        }
        catch (TimeoutException)
        {
            // Time to look anyway.
        }

        // A signal that comes between is served by the look that follows.
        Volatile.Write(ref _next, New());
    }

    // Asynchronous continuations would leave the caller's scheduler.
    private static TaskCompletionSource New() => new();
}
