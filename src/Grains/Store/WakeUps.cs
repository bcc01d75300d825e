namespace Actors.Grains.Store;

/// <summary>A flag that one waiter waits for.</summary>
internal sealed class Hint(TimeProvider time)
{
    private volatile TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Set() => _next.TrySetResult();

    public async Task WaitAsync(TimeSpan most, CancellationToken cancellationToken)
    {
        try
        {
            await _next.Task.WaitAsync(most, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return;
        }

        // A hint between these two lines is not lost: the waiter looks for work now.
        _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

/// <summary>One silo in one process: there is nobody else to tell.</summary>
internal sealed class InProcessWakeUps(TimeProvider time) : IWakeUps
{
    private readonly Hint _hint = new(time);

    public Task WaitAsync(TimeSpan most, CancellationToken cancellationToken) => _hint.WaitAsync(most, cancellationToken);

    public void Send() => _hint.Set();
}
