using System.Runtime.CompilerServices;

namespace Actors.Testing;

/// <summary>Waits in real time for something that another process or thread will do.</summary>
public static class Poll
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    /// <summary>Returns when <paramref name="condition"/> holds; fails after 20 s.</summary>
    public static Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Returns when <paramref name="condition"/> holds; fails after 20 s.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        ArgumentNullException.ThrowIfNull(condition);
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > s_patience)
            {
                throw new TimeoutException("Never came true: " + what);
            }

            await Task.Delay(s_step, TimeProvider.System);
        }
    }
}
