using System.Globalization;

namespace Actors.Verification.Tools;

/// <summary>Disables each check in turn and demands a red test. Prints a table of what survived, and <c>N checks, M survivors</c>.</summary>
internal sealed class MutationRun
{
    private readonly TextWriter _output;
    private readonly TextWriter _errors;
    private readonly long _started;

    private MutationRun(TextWriter output, TextWriter errors, long started) => (_output, _errors, _started) = (output, errors, started);

    /// <summary>0 when every check that is disabled turns a test red.</summary>
    /// <param name="sources">The folder of the product's project, built.</param>
    /// <param name="options"><c>--equivalent FILE</c>: mutants that change nothing, with reasons. <c>--tests A,B</c>: only tests whose name holds one of them, for a quick look. Then a part of a file's path: only its mutants.</param>
    public static Task<int> RunAsync(string sources, string[] options)
    {
        var folder = Path.GetFullPath(sources);
        var started = TimeProvider.System.GetTimestamp();

        // What commands under test print is not this one's.
        var output = Console.Out;
        var errors = Console.Error;
        Console.SetOut(TextWriter.Null);
        Console.SetError(TextWriter.Null);
        try
        {
            return Task.FromResult(new MutationRun(output, errors, started).Run(folder, options));
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(errors);
        }
    }

    private int Run(string folder, string[] options)
    {
        var built = MutatedAssembly.Build(folder);
        var tests = new InProcessTests(built.Image, built.Mutants.Max(m => m.Id) + 1);
        Progress($"{built.Mutants.Count} checks, {built.Dropped.Count} more that cannot be switched, {tests.Cases.Count} test cases");
        var part = options.Length % 2 == 1 ? options[^1] : "";
        Unswitched(folder, built.Dropped, part);
        var covered = Baseline(tests, Option(options, "--tests") ?? "", out var red);
        Progress($"all tests ran once, {red.Count} red");
        foreach (var line in red)
        {
            _output.WriteLine($"RED without a mutant: {line}");
        }

        var known = Equivalents(options);
        var chosen = built.Mutants.Where(m => m.Node.SyntaxTree.FilePath.Contains(part, StringComparison.Ordinal)).ToList();
        var survivors = chosen.Where((m, i) => !Killed(tests, covered, m, i, chosen.Count)).ToList();
        var excused = survivors.Where(m => known.ContainsKey(m.Key(folder))).ToList();
        survivors = [.. survivors.Except(excused)];
        Report(folder, covered, chosen, survivors, excused, known);
        Progress("done");
        _errors.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.CpuUsage.TotalTime.TotalSeconds:F0} s of processor time"));
        _output.WriteLine($"{chosen.Count} checks, {survivors.Count} survivors");
        return survivors.Count == 0 && red.Count == 0 && chosen.Count > 0 ? 0 : 1;
    }

    // Which tests come by which mutant, the quickest first.
    private static Dictionary<int, List<TimedTest>> Baseline(InProcessTests tests, string nameParts, out List<string> red)
    {
        red = [];
        var times = new List<(TimedTest Test, bool[] Hits)>();
        foreach (var test in tests.Cases.Where(c => nameParts.Split(',').Any(p => c.Name.Contains(p, StringComparison.Ordinal))))
        {
            var start = TimeProvider.System.GetTimestamp();
            if (tests.Run(test, active: -1, out var hits, TimeSpan.FromMinutes(5)) is { } fault)
            {
                red.Add($"{test.Name}: {fault}");
                continue;
            }

            times.Add((new TimedTest(test, TimeProvider.System.GetElapsedTime(start)), hits));
        }

        var covered = new Dictionary<int, List<TimedTest>>();
        foreach (var (test, hits) in times.OrderBy(t => t.Test.Took))
        {
            for (var i = 0; i < hits.Length; i++)
            {
                if (hits[i])
                {
                    covered.TryAdd(i, []);
                    covered[i].Add(test);
                }
            }
        }

        return covered;
    }

    private bool Killed(InProcessTests tests, Dictionary<int, List<TimedTest>> covered, Mutant mutant, int number, int count)
    {
        if (number % 50 == 0)
        {
            Progress($"check {number} of {count}");
        }

        return covered.TryGetValue(mutant.Id, out var cases) && cases.Exists(c => Kills(tests, c, mutant));
    }

    // Red with the mutant, green without, red with it again; a test that only sometimes fails kills nothing. One without end has to be far quicker without the mutant, right after.
    private bool Kills(InProcessTests tests, TimedTest test, Mutant mutant)
    {
        var fault = tests.Run(test.Case, mutant.Id, out _);
        if (fault is null)
        {
            return false;
        }

        if (fault == InProcessTests.NoEnd)
        {
            var start = TimeProvider.System.GetTimestamp();
            var isQuick = tests.Run(test.Case, active: -1, out _) is null && TimeProvider.System.GetElapsedTime(start) < InProcessTests.Patience / 4;
            _output.WriteLine($"NO END  {mutant.Node.SyntaxTree.FilePath}:{mutant.Node.GetLocation().GetLineSpan().StartLinePosition.Line + 1} in {test.Case.Name}{(isQuick ? "" : ", which does not count")}");
            return isQuick;
        }

        var steady = tests.Run(test.Case, active: -1, out _) is null && tests.Run(test.Case, mutant.Id, out _) is not null;
        if (!steady)
        {
            _output.WriteLine($"UNSTEADY  {test.Case.Name} does not count");
        }

        return steady;
    }

    // Their own words, so that nobody takes them for checked.
    private void Unswitched(string folder, IReadOnlyList<Mutant> dropped, string part)
    {
        foreach (var mutant in dropped.Where(m => m.Node.SyntaxTree.FilePath.Contains(part, StringComparison.Ordinal)))
        {
            _output.WriteLine($"NOT SWITCHED  {mutant.Kind,-13} {mutant.Describe(folder)}{(mutant.IsSwitchedByParts ? "  (each of its operands is)" : "")}");
        }
    }

    private static string? Option(string[] options, string name) => Array.IndexOf(options, name) is >= 0 and var at ? options[at + 1] : null;

    // Lines "KEY<tab>REASON"; '#' starts a comment.
    private static Dictionary<string, string> Equivalents(string[] options) => Option(options, "--equivalent") is not { } file ? [] : File.ReadLines(file)
        .Where(l => l.Contains('\t', StringComparison.Ordinal) && !l.StartsWith('#'))
        .Select(l => l.Split('\t'))
        .ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);

    private void Report(
        string folder, Dictionary<int, List<TimedTest>> covered, List<Mutant> chosen, List<Mutant> survivors, List<Mutant> excused, Dictionary<string, string> known)
    {
        foreach (var survivor in survivors)
        {
            _output.WriteLine($"SURVIVED  {survivor.Kind,-13} tests {(covered.TryGetValue(survivor.Id, out var cases) ? cases.Count : 0),4}  {survivor.Describe(folder)}");
        }

        foreach (var mutant in excused)
        {
            _output.WriteLine($"EQUIVALENT  {mutant.Describe(folder)}: {known[mutant.Key(folder)]}");
        }

        foreach (var key in known.Keys.Except(excused.Select(m => m.Key(folder)), StringComparer.Ordinal))
        {
            _output.WriteLine($"STALE  {key} is listed as equivalent, but does not survive");
        }

        _output.WriteLine($"{"folder",-24}{"checks",8}{"survivors",12}");
        foreach (var group in chosen.GroupBy(m => Path.GetRelativePath(folder, Path.GetDirectoryName(m.Node.SyntaxTree.FilePath)!), StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            _output.WriteLine($"{group.Key,-24}{group.Count(),8}{survivors.Count(s => group.Contains(s)),12}");
        }
    }

    private void Progress(string text) =>
        _errors.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{TimeProvider.System.GetElapsedTime(_started).TotalSeconds,5:F0} s] {text}"));

    private sealed record TimedTest(TestCase Case, TimeSpan Took);
}
