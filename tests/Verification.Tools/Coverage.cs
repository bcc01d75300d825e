using System.Collections.Concurrent;

namespace Actors.Verification.Tools;

/// <summary>Which tests come by which check, the most telling first.</summary>
internal sealed class Coverage
{
    private readonly IReadOnlyList<Mutant> _mutants;
    private readonly IReadOnlyList<TimedTest> _byTime;

    private Coverage(IReadOnlyList<Mutant> mutants, IReadOnlyList<TimedTest> byTime, IReadOnlyList<string> red) => (_mutants, _byTime, Red) = (mutants, byTime, red);

    /// <summary>Tests that fail without a check disabled.</summary>
    public IReadOnlyList<string> Red { get; }

    /// <summary>Runs every test once, on all lanes.</summary>
    public static Coverage Measure(IReadOnlyList<InProcessTests> lanes, IReadOnlyList<Mutant> mutants, string nameParts)
    {
        var parts = nameParts.Split(',');
        var chosen = Enumerable.Range(0, lanes[0].Cases.Count).Where(i => parts.Any(p => lanes[0].Cases[i].Name.Contains(p, StringComparison.Ordinal)));
        var waiting = new ConcurrentQueue<int>(chosen);
        var (ran, red) = (new ConcurrentBag<TimedTest>(), new ConcurrentBag<string>());
        Lanes.Run(lanes, lane =>
        {
            while (waiting.TryDequeue(out var index))
            {
                var start = TimeProvider.System.GetTimestamp();
                if (lane.Run(index, active: -1, TimeSpan.FromMinutes(5), out var hits) is { } fault)
                {
                    red.Add($"{lane.Cases[index].Name}: {fault}");
                }

                ran.Add(new TimedTest(index, TimeProvider.System.GetElapsedTime(start), hits));
            }
        });
        return new Coverage(mutants, [.. ran.OrderBy(t => t.Took)], [.. red.Order(StringComparer.Ordinal)]);
    }

    /// <summary>Tests that come by it, as indexes: those in which it refuses, as far as that can be told, before the others; the quickest first.</summary>
    public IReadOnlyList<int> Of(Mutant mutant)
    {
        var telling = Telling(mutant, []).ToList();
        var covering = _byTime.Where(t => t.Hits[mutant.Id]);
        return [.. covering.OrderByDescending(t => telling.Exists(id => t.Hits[id])).Select(t => t.Index)];
    }

    // A call is come by always; what it calls only when it refuses.
    private IEnumerable<int> Telling(Mutant mutant, HashSet<int> seen)
    {
        if (!seen.Add(mutant.Id))
        {
            return [];
        }

        return mutant.Called is not { } called
            ? [mutant.Id]
            : _mutants.Where(m => m.Node.SyntaxTree == called.SyntaxTree && called.Span.Contains(m.Node.Span)).SelectMany(m => Telling(m, seen));
    }

    private sealed record TimedTest(int Index, TimeSpan Took, bool[] Hits);
}
