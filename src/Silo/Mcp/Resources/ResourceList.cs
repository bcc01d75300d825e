using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Resources;

/// <summary>The list of resources, page by page: first the workflows by id, then the runs, the newest first.</summary>
internal static class ResourceList
{
    /// <summary>Most resources of a page.</summary>
    public const int MostResources = 100;

    private const string WorkflowCursor = "workflow:";
    private const string RunCursor = "run:";

    /// <summary>One page.</summary>
    /// <exception cref="RunRejectedException"><c>invalid_cursor</c>.</exception>
    public static async Task<(IReadOnlyList<Resource> Resources, string? NextCursor)> PageAsync(RunDoor door, Caller caller, string? cursor, CancellationToken cancellationToken)
    {
        if (cursor is not null && !cursor.StartsWith(WorkflowCursor, StringComparison.Ordinal) && !cursor.StartsWith(RunCursor, StringComparison.Ordinal))
        {
            throw new RunRejectedException(new RunError("invalid_cursor", "cursor must be the nextCursor of an answer."));
        }

        var page = new List<Resource>();
        if (cursor?.StartsWith(RunCursor, StringComparison.Ordinal) != true)
        {
            var after = cursor?[WorkflowCursor.Length..] ?? "";
            var left = door.Workflows(caller).Where(w => string.CompareOrdinal(w.Id, after) > 0).OrderBy(w => w.Id, StringComparer.Ordinal).ToList();
            page.AddRange(left.Take(MostResources).Select(Of));
            if (left.Count >= MostResources)
            {
                return (page, left.Count > MostResources ? WorkflowCursor + page[^1].Name : RunCursor);
            }
        }

        var before = cursor?.StartsWith(RunCursor, StringComparison.Ordinal) == true && cursor.Length > RunCursor.Length ? cursor[RunCursor.Length..] : null;
        var runs = await door.ListAsync(caller, new RunListRequest { Cursor = before, Limit = MostResources - page.Count }, cancellationToken);
        page.AddRange(runs.Runs.Select(Of));
        return (page, runs.NextCursor is { } next ? RunCursor + next : null);
    }

    private static Resource Of(WorkflowView workflow) => new()
    {
        Uri = ActorsUri.Workflow(workflow.Id),
        Name = workflow.Id,
        Title = $"Workflow {workflow.Id}",
        Description = workflow.Description.Length > 0 ? workflow.Description : null,
        MimeType = ActorsUri.Json,
    };

    private static Resource Of(RunSummary run) => new()
    {
        Uri = ActorsUri.Run(run.RunId),
        Name = run.RunId,
        Title = $"Run of {run.WorkflowId}, {run.CreatedAt:u}",
        Description = $"{run.Outcome?.ToString() ?? run.Status.ToString()}. Its trace: {ActorsUri.Trace(run.RunId)}. Its artifacts: {ActorsUri.Artifacts(run.RunId)}.",
        MimeType = ActorsUri.Json,
    };
}
