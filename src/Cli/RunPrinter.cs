using System.Text.Json;
using Actors.Grains.Interfaces;
using Spectre.Console;

namespace Actors.Cli;

/// <summary>Prints a run, for people or as JSON.</summary>
internal static class RunPrinter
{
    private const int MostOutput = 4000;

    public static void Print(RunView run, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(run, ActorsJson.Options));
            return;
        }

        var outcome = run.Outcome is { } o ? Words.Of(o) : Words.Of(run.Status);
        var color = run.Outcome switch
        {
            RunOutcome.Succeeded => "green",
            null => "yellow",
            _ => "red",
        };
        AnsiConsole.MarkupLineInterpolated($"[bold]{run.RunId}[/]  {run.WorkflowId} {run.WorkflowVersion}  [{color}]{outcome}[/]");
        if (run.Error is { } error)
        {
            Print($"  {error.Code}: {error.Message}");
        }

        if (run.Output is { } output)
        {
            Print($"  output {Terminal.Brief(output.GetRawText(), MostOutput)}");
        }
    }

    // Not wrapped: lines are read by scripts too.
    private static void Print(string line) => Console.WriteLine(Terminal.Safe(line));
}

/// <summary>Enum values as they are written everywhere.</summary>
internal static class Words
{
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
