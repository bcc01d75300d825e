using System.Text.RegularExpressions;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Tests.Runs;

/// <summary>A step from one phase to another by an event.</summary>
internal sealed record Edge(string From, string Event, string To)
{
    public static string Phase(RunState state) => state is { Status: not RunStatus.Done, Outcome: not null } ? "concluding" : state.Status.ToString().ToLowerInvariant();
}

/// <summary>The table of states in the documentation.</summary>
internal static partial class TransitionTable
{
    private static readonly string[] Phases = ["queued", "verifying", "running", "concluding", "done"];
    private static readonly string[] Events = [.. typeof(RunEvent).Assembly.GetTypes().Where(t => t.BaseType == typeof(RunEvent)).Select(t => t.Name)];

    public static string Docs(string file)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Actors.sln")))
        {
            folder = folder.Parent!;
        }

        return File.ReadAllText(Path.Combine(folder.FullName, "docs", file));
    }

    /// <summary>Every edge that a row names.</summary>
    public static HashSet<Edge> Read()
    {
        var text = Docs("architecture.md");
        var rows = text[text.IndexOf("| state | event | next state | trace |", StringComparison.Ordinal)..].Split('\n').Skip(2).TakeWhile(l => l.StartsWith('|'));
        var edges = new HashSet<Edge>();
        foreach (var cells in rows.Select(r => r.Split('|', StringSplitOptions.TrimEntries)))
        {
            foreach (var from in From(cells[1]))
            {
                foreach (var @event in Events.Where(e => Regex.IsMatch(cells[2], $@"\b{e}\b")))
                {
                    edges.UnionWith(To(cells[3], from).Select(to => new Edge(from, @event, to)));
                }
            }
        }

        return edges;
    }

    private static IEnumerable<string> From(string cell) => cell switch
    {
        "any but done" => Phases.Except(["done"]),
        "not queued, not done" => Phases.Except(["queued", "done"]),
        _ => Phases.Where(p => cell.Split(", ").Contains(p, StringComparer.Ordinal)),
    };

    private static IEnumerable<string> To(string cell, string from)
    {
        var named = Phases.Where(p => Word().Matches(cell).Any(m => m.Value == p)).ToList();
        return [.. named, .. cell.Contains("the same", StringComparison.Ordinal) ? [from] : Array.Empty<string>()];
    }

    [GeneratedRegex("[a-z]+")]
    private static partial Regex Word();
}
