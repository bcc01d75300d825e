using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Silo.Mcp.Results;

/// <summary>Runs, errors and values in words.</summary>
internal static class RunText
{
    // Indenting a larger value makes it much larger and no easier to read.
    private const int LargestIndented = 1024;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, MaxDepth = 64, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A run: how it stands, what it gave, what to do next.</summary>
    public static string Of(RunView run)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Run {run.RunId} of workflow {run.WorkflowId} (version {run.WorkflowVersion}): {State(run)}.\n");
        if (run.Error is { } error)
        {
            text.Append(Of(error)).Append('\n');
        }

        if (run.Output is { } output)
        {
            text.Append("Output, from untrusted servers:\n").Append(Of(output)).Append('\n');
        }

        if (run.WaitingFor is { } wait)
        {
            text.Append(Of(wait)).Append('\n');
        }

        text.Append("Steps: ").AppendJoin(", ", run.Steps.Select(s => $"{s.Id} {Word(s.Status)}")).Append(".\n");
        text.Append(CultureInfo.InvariantCulture, $"Trace: {run.TraceLength} entries, head {run.TraceHead}.");
        if (run.Status != RunStatus.Done)
        {
            text.Append("\nThe run goes on: call wait_run with its run_id.");
        }

        return text.ToString();
    }

    /// <summary>A list of runs, one line each.</summary>
    public static string Of(RunListPage page)
    {
        var text = page.Runs.Count == 0 ? "No run matches." : string.Join('\n', page.Runs.Select(Line));
        return page.NextCursor is { } next ? $"{text}\nMore follows: call again with cursor = {next}." : text;
    }

    /// <summary>What a run does now, in a phrase.</summary>
    public static string Doing(RunView run) => (run.WaitingFor, run.Steps.FirstOrDefault(s => s.Status == StepStatus.Running)) switch
    {
        ({ Kind: WaitKind.Retry } retry, _) => $"step {retry.Step} is tried again at {retry.Until:u}",
        ({ } wait, _) => $"step {wait.Step} waits for {(wait.Kind == WaitKind.Approval ? "an approval" : $"signal {wait.Signal}")}",
        (_, { } call) => $"step {call.Id} calls {call.Tool} of {call.Server}",
        _ => State(run),
    };

    /// <summary>An error with its details.</summary>
    public static string Of(RunError error)
    {
        var details = string.Concat((error.Details ?? []).Where(d => !error.Message.Contains(d, StringComparison.Ordinal)).Select(d => $"\n- {d}"));
        return $"{error.Code}: {error.Message}{details}";
    }

    /// <summary>A value: a text as it is, the rest as JSON.</summary>
    public static string Of(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()!
        : JsonMarshal.GetRawUtf8Value(value).Length <= LargestIndented ? JsonSerializer.Serialize(value, Indented)
        : value.GetRawText();

    private static string Line(RunSummary run)
    {
        var line = $"{run.RunId} {run.WorkflowId} (version {run.WorkflowVersion}) {Word(run.Status)}, by {run.Submitter} at {run.CreatedAt:u}";
        return (run.Outcome, run.WaitingFor) switch
        {
            ({ } outcome, _) => $"{line}, {Word(outcome)}{(run.Error is { } error ? $", {error.Code}" : "")}",
            (_, { } wait) => $"{line}, waits for {Word(wait.Kind)} at step {wait.Step}",
            _ => line,
        };
    }

    private static string State(RunView run) =>
        run.Status != RunStatus.Done ? Word(run.Status)
        : run.EndedAt is { } end ? string.Create(CultureInfo.InvariantCulture, $"{Word(run.Outcome!.Value)} after {(end - run.CreatedAt).TotalSeconds:0.###} s")
        : Word(run.Outcome!.Value);

    private static string Of(WaitView wait) => wait.Kind switch
    {
        WaitKind.Approval => $"Step {wait.Step} waits until {wait.Until:u} for an approval: {wait.Message}\nAnswer with approve_run.",
        WaitKind.Signal => $"Step {wait.Step} waits until {wait.Until:u} for signal {wait.Signal}. Send it with signal_run.",
        _ => $"Step {wait.Step} is tried again at {wait.Until:u}.",
    };

    private static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
