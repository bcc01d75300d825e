using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;

namespace Actors.Silo.Mcp.Resources;

/// <summary>A named output of a run.</summary>
/// <param name="Name">Below <c>run://{id}/artifacts/</c>.</param>
/// <param name="Uri">Where to read it.</param>
/// <param name="MimeType">Media type.</param>
internal sealed record ArtifactView(string Name, string Uri, string MimeType);

/// <summary>What a run leaves: the workflow's output, and the result of each step that succeeded. Both are redacted as its trace is.</summary>
internal static class RunArtifacts
{
    /// <summary>Name of the workflow's output.</summary>
    public const string Output = "output.json";

    private const string Steps = "steps/";
    private const string Suffix = ".json";
    private const int TracePage = 500;

    /// <summary>The artifacts that are there now.</summary>
    public static IReadOnlyList<ArtifactView> Of(RunView run)
    {
        var steps = run.Steps.Where(s => s.Status == StepStatus.Succeeded).Select(s => Steps + s.Id + Suffix);
        return [.. (run.Output is null ? steps : steps.Prepend(Output)).Select(n => new ArtifactView(n, ActorsUri.Artifact(run.RunId, n), ActorsUri.Json))];
    }

    /// <summary>An artifact's JSON; null when the run has none of that name.</summary>
    public static async Task<JsonElement?> ReadAsync(OpenRun run, string name, CancellationToken cancellationToken)
    {
        if (name == Output)
        {
            return run.View.Output;
        }

        var step = run.View.Steps.FirstOrDefault(s => s.Status == StepStatus.Succeeded && name == Steps + s.Id + Suffix);
        return step is null ? null : await ResultAsync(run, step.Id, cancellationToken);
    }

    // Results themselves leave the database with the run's end; what the trace says of them stays. The newest entry holds.
    private static async Task<JsonElement?> ResultAsync(OpenRun run, string step, CancellationToken cancellationToken)
    {
        JsonElement? result = null;
        for (long after = 0, total = run.View.TraceLength; after < total;)
        {
            var page = await run.Grain.GetTraceAsync(after, TracePage, cancellationToken) ?? throw RunDoor.UnknownRun(run.View.RunId);
            foreach (var entry in page.Entries.Where(e => e.Data.TryGetProperty("step", out var of) && of.ValueEquals(step)))
            {
                result = Result(entry) ?? result;
            }

            after = page.Entries.Count == 0 ? total : page.Entries[^1].Seq;
        }

        return result;
    }

    private static JsonElement? Result(TraceEntry entry) => entry.Kind switch
    {
        "call_answered" => entry.Data.TryGetProperty("result", out var result) ? result : null,
        "signal_received" => entry.Data.TryGetProperty("payload", out var payload) ? payload : null,
        "approval_decided" => entry.Data,
        _ => null,
    };
}
