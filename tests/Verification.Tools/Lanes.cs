namespace Actors.Verification.Tools;

/// <summary>Test runs side by side: each has its own copy of product and tests, and so its own switch.</summary>
internal static class Lanes
{
    private const int Most = 4;

    /// <summary>One per processor, a few at most.</summary>
    public static IReadOnlyList<InProcessTests> Create(byte[] product, int mutants)
    {
        var lanes = Enumerable.Range(0, Math.Clamp(Environment.ProcessorCount, 1, Most)).Select(_ => new InProcessTests(product, mutants)).ToList();
        return lanes.TrueForAll(l => l.Cases.Select(c => c.Name).SequenceEqual(lanes[0].Cases.Select(c => c.Name), StringComparer.Ordinal))
            ? lanes
            : throw new InvalidOperationException("The tests are found in another order each time.");
    }

    /// <summary>Does the work on each lane; throws what any of them throws.</summary>
    public static void Run(IReadOnlyList<InProcessTests> lanes, Action<InProcessTests> work) =>
        Task.WaitAll([.. lanes.Select(lane => Task.Factory.StartNew(() => work(lane), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
}
