using System.Text.Json;
using Actors.Grains.Interfaces;
using Spectre.Console;

namespace Actors.Cli.Trace;

/// <summary>Prints a trace as a timeline: when, what, and what matters of it.</summary>
internal static class TracePrinter
{
    private const int KindWidth = 18;

    /// <param name="trace">A whole trace.</param>
    /// <param name="fault">What its verification found; null when it holds.</param>
    public static void Print(TracePage trace, string? fault)
    {
        var verdict = fault is not null ? $"[red]chain broken: {Markup.Escape(fault)}[/]" : "[green]chain verified[/]";
        AnsiConsole.MarkupLine($"Trace of [bold]{Markup.Escape(trace.RunId)}[/], {trace.Entries.Count} entries, {(trace.Sealed ? "sealed" : "still growing")}, {verdict}");
        Console.WriteLine();
        var start = trace.Entries.Count > 0 ? trace.Entries[0].At : default;
        foreach (var entry in trace.Entries)
        {
            PrintEntry(entry, entry.At - start);
        }

        Console.WriteLine();
    }

    private static void PrintEntry(TraceEntry entry, TimeSpan since)
    {
        var lines = TraceWords.Of(entry);
        AnsiConsole.Markup($"  [grey]{Markup.Escape($"+{since.TotalSeconds,7:0.000} s")}[/]  [{Color(entry)}]{Markup.Escape(Terminal.Safe(entry.Kind).PadRight(KindWidth))}[/]");
        Console.WriteLine(lines.Count > 0 ? lines[0] : "");
        foreach (var line in lines.Skip(1))
        {
            Console.WriteLine(new string(' ', KindWidth + 15) + line);
        }
    }

    private static string Color(TraceEntry entry) => entry.Kind switch
    {
        "image_decided" => entry.Data.At("decision", "admitted")?.ValueKind == JsonValueKind.True ? "green" : "red",
        "call_answered" => entry.Data.At("is_error")?.ValueKind == JsonValueKind.True ? "red" : "green",
        "sandbox_failed" or "call_failed" or "call_unknown" or "effect_failed" or "deadline_reached" or "wait_timed_out" or "sandbox_ended" or "quarantined" or "sandboxes_abandoned" => "red",
        "approval_decided" => entry.Data.At("approved")?.ValueKind == JsonValueKind.True ? "green" : "red",
        "cancel_requested" or "recovered" or "retry_scheduled" or "command_ignored" => "yellow",
        "done" => entry.Data.Text("outcome") == "succeeded" ? "bold green" : "bold red",
        _ => "blue",
    };
}
