namespace Actors.RunnerApi.Sessions;

/// <summary>Bytes that a sandbox may still print on stdout and stderr together.</summary>
internal sealed class OutputBudget(long bytes)
{
    private long _left = bytes;

    /// <summary>Takes <paramref name="count"/> bytes; false once the cap is passed.</summary>
    public bool TryTake(int count) => Interlocked.Add(ref _left, -count) >= 0;
}
