using System.Collections.Concurrent;
using System.Globalization;

namespace Actors.Verification.Tools;

/// <summary>Disables each check in turn and demands a red test. Prints a table of what survived, and <c>N checks, M survivors</c>.</summary>
internal sealed class MutationRun
{
    // Of a test with the check disabled. What takes longer gets a second chance by the time that the test needs with the check.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongPatience = TimeSpan.FromMinutes(5);

    private readonly TextWriter _output;
    private readonly TextWriter _errors;
    private readonly long _started;

    private MutationRun(TextWriter output, TextWriter errors, long started) => (_output, _errors, _started) = (TextWriter.Synchronized(output), TextWriter.Synchronized(errors), started);

    /// <summary>0 when every check that is disabled turns a test red, and every check could be disabled.</summary>
    /// <param name="sources">The folder of the product's project, built.</param>
    /// <param name="options"><c>--tests A,B</c>: only tests whose name holds one of them, for a quick look. Then a part of a file's path: only its checks.</param>
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
        var part = options.Length % 2 == 1 ? options[^1] : "";
        bool IsChosen(Mutant mutant) => mutant.Describe(folder).Split(':')[0].Contains(part, StringComparison.Ordinal);
        var built = MutatedAssembly.Build(folder);
        var lanes = Lanes.Create(built.Image, built.Mutants.Max(m => m.Id) + 1);
        Progress($"{built.Mutants.Count} checks, {built.Dropped.Count} more that cannot be switched, {lanes[0].Cases.Count} test cases on {lanes.Count} lanes");
        var coverage = Coverage.Measure(lanes, built.Mutants, Array.IndexOf(options, "--tests") is >= 0 and var at ? options[at + 1] : "");
        Progress($"all tests ran once, {coverage.Red.Count} red");
        var chosen = built.Mutants.Where(IsChosen).ToList();
        var survivors = Survivors(lanes, coverage, chosen);
        var dropped = built.Dropped.Where(IsChosen).ToList();
        Report(folder, coverage, chosen, survivors, dropped);
        Progress("done");
        _errors.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.CpuUsage.TotalTime.TotalSeconds:F0} s of processor time"));
        _output.WriteLine($"{chosen.Count} checks, {survivors.Count} survivors");
        return survivors.Count == 0 && dropped.Count == 0 && coverage.Red.Count == 0 && chosen.Count > 0 ? 0 : 1;
    }

    private HashSet<Mutant> Survivors(IReadOnlyList<InProcessTests> lanes, Coverage coverage, IReadOnlyList<Mutant> chosen)
    {
        var waiting = new ConcurrentQueue<Mutant>(chosen);
        var survivors = new ConcurrentBag<Mutant>();
        var done = 0;
        Lanes.Run(lanes, lane =>
        {
            while (waiting.TryDequeue(out var mutant))
            {
                if (!coverage.Of(mutant).Any(test => Kills(lane, test, mutant)))
                {
                    survivors.Add(mutant);
                }

                if (Interlocked.Increment(ref done) is var number && number % 50 == 0)
                {
                    Progress($"check {number} of {chosen.Count}");
                }
            }
        });
        return [.. survivors];
    }

    // Red without the check, green with it, and red without it again; a test that only sometimes fails kills nothing, and a slow machine makes none fail.
    private bool Kills(InProcessTests lane, int test, Mutant mutant)
    {
        if (lane.Run(test, mutant.Id, Patience, out _) is null)
        {
            return false;
        }

        var start = TimeProvider.System.GetTimestamp();
        var green = lane.Run(test, active: -1, LongPatience, out _) is null;
        var took = TimeProvider.System.GetElapsedTime(start);
        var again = lane.Run(test, mutant.Id, took * 20 > Patience ? took * 20 : Patience, out _);
        if (again == InProcessTests.NoEnd)
        {
            _output.WriteLine($"NO END  {mutant.Node.SyntaxTree.FilePath}:{mutant.Node.GetLocation().GetLineSpan().StartLinePosition.Line + 1} in {lane.Cases[test].Name}");
        }

        if (!green || again is null)
        {
            _output.WriteLine($"UNSTEADY  {lane.Cases[test].Name} does not count");
        }

        return green && again is not null;
    }

    private void Report(string folder, Coverage coverage, List<Mutant> chosen, HashSet<Mutant> survivors, List<Mutant> dropped)
    {
        foreach (var line in coverage.Red)
        {
            _output.WriteLine($"RED with every check: {line}");
        }

        // Named, so that nobody takes them for checked.
        foreach (var mutant in dropped)
        {
            _output.WriteLine($"NOT SWITCHED  {mutant.Kind,-13} {mutant.Describe(folder)}");
        }

        foreach (var survivor in survivors.OrderBy(m => m.Id))
        {
            _output.WriteLine($"SURVIVED  {survivor.Kind,-13} tests {coverage.Of(survivor).Count,4}  {survivor.Describe(folder)}");
        }

        _output.WriteLine($"{"folder",-24}{"checks",8}{"survivors",12}{"not switched",15}");
        string FolderOf(Mutant mutant) => Path.GetRelativePath(folder, Path.GetDirectoryName(mutant.Node.SyntaxTree.FilePath)!);
        foreach (var group in chosen.Concat(dropped).GroupBy(FolderOf, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var unswitched = group.Count(dropped.Contains);
            _output.WriteLine($"{group.Key,-24}{group.Count() - unswitched,8}{group.Count(survivors.Contains),12}{unswitched,15}");
        }
    }

    private void Progress(string text) =>
        _errors.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[{TimeProvider.System.GetElapsedTime(_started).TotalSeconds,5:F0} s] {text}"));
}
