namespace Actors.Grains.Runs.Membership;

/// <summary>Keeps calling a beat; the beat tells the pause until the next.</summary>
internal interface IHeart
{
    /// <summary>Beats until cancelled; ends when the last beat has.</summary>
    Task BeatAsync(Func<CancellationToken, Task<TimeSpan>> beat, CancellationToken cancellationToken);
}

/// <summary>On a thread of its own, so that a busy thread pool costs no lease.</summary>
internal sealed class ThreadHeart : IHeart
{
    public Task BeatAsync(Func<CancellationToken, Task<TimeSpan>> beat, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() => Run(beat, ended, cancellationToken)) { IsBackground = true, Name = "actors-heart" };
        thread.Start();
        return ended.Task;
    }

    private static void Run(Func<CancellationToken, Task<TimeSpan>> beat, TaskCompletionSource ended, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                var pause = beat(cancellationToken).GetAwaiter().GetResult();
                cancellationToken.WaitHandle.WaitOne(pause);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
        finally
        {
            ended.SetResult();
        }
    }
}

/// <summary>On the scheduler and clock of whoever starts it.</summary>
internal sealed class TaskHeart(TimeProvider time) : IHeart
{
    public async Task BeatAsync(Func<CancellationToken, Task<TimeSpan>> beat, CancellationToken cancellationToken)
    {
        try
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(await beat(cancellationToken), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }
    }
}
