namespace Actors.Grains.Store;

/// <summary>Repeats what failed for a reason that passes.</summary>
internal static class Transient
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);

    /// <summary>Repeats for a few seconds, with growing pauses; a claim whose answer was lost shows in what the silo owns, a command may then be posted twice.</summary>
    public static async Task<T> RetryAsync<T>(ISqlDialect dialect, Func<Task<T>> work, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var pause = FirstPause; ; pause *= 2)
        {
            try
            {
                return await work();
            }
            catch (Exception e) when (dialect.IsTransient(e) && TimeProvider.System.GetElapsedTime(began) + pause < Patience && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(pause * (0.5 + (Random.Shared.NextDouble() / 2)), TimeProvider.System, cancellationToken);
            }
        }
    }
}
