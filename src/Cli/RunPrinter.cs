using System.Globalization;
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

        PrintHead(run.RunId, run.WorkflowId, run.WorkflowVersion, run.Status, run.Outcome, null);
        PrintWait(run.WaitingFor);
        if (run.Error is { } error)
        {
            Print($"  {error.Code}: {error.Message}");
        }

        if (run.Output is { } output)
        {
            Print($"  output {Terminal.Brief(output.GetRawText(), MostOutput)}");
        }
    }

    /// <summary>One run of a list.</summary>
    public static void Print(RunSummary run)
    {
        PrintHead(run.RunId, run.WorkflowId, run.WorkflowVersion, run.Status, run.Outcome, run.CreatedAt);
        PrintWait(run.WaitingFor);
        if (run.Error is { } error)
        {
            Print($"  {error.Code}");
        }
    }

    private static void PrintHead(string id, string workflow, string version, RunStatus status, RunOutcome? outcome, DateTimeOffset? at)
    {
        var color = outcome switch
        {
            RunOutcome.Succeeded => "green",
            null => "yellow",
            _ => "red",
        };
        var words = outcome is { } o ? Words.Of(o) : Words.Of(status);
        AnsiConsole.MarkupLineInterpolated($"[bold]{id}[/]  {workflow} {version}  [{color}]{words}[/]{(at is { } time ? $"  {time:u}" : "")}");
    }

    private static void PrintWait(WaitView? wait)
    {
        if (wait is null)
        {
            return;
        }

        var until = wait.Until.ToString("u", CultureInfo.InvariantCulture);
        Print(wait.Kind switch
        {
            WaitKind.Approval => $"  step {wait.Step} waits for an approval until {until}",
            WaitKind.Signal => $"  step {wait.Step} waits for signal {wait.Signal} until {until}",
            _ => $"  step {wait.Step} is tried again at {until}",
        });
        if (wait.Message is { } message)
        {
            Print($"  {message}");
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
