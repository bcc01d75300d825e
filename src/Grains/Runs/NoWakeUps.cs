using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>Nobody hints: polling finds everything.</summary>
internal sealed class NoWakeUps(TimeProvider time) : IWakeUps
{
    public Task WaitAsync(TimeSpan most, CancellationToken cancellationToken) => Task.Delay(most, time, cancellationToken);

    public void Send()
    {
        // Nobody listens.
    }
}
