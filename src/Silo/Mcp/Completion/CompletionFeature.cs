using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Prompts;
using Actors.Silo.Mcp.Resources;
using Actors.Silo.Mcp.Subscriptions;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Completion;

/// <summary>Completes ids of workflows and runs, names of artifacts and values of prompt arguments, of what the caller may see.</summary>
internal sealed class CompletionFeature(RunDoor door, RunWatcher watcher) : IMcpFeature
{
    // As the protocol has it.
    private const int MostValues = 100;

    // Runs are looked through from the newest on.
    private const int MostPages = 5;

    private const int LongestPrefix = 256;

    public void Configure(McpServerOptions options) => options.Handlers.CompleteHandler = CompleteAsync;

    private async ValueTask<CompleteResult> CompleteAsync(RequestContext<CompleteRequestParams> request, CancellationToken cancellationToken)
    {
        var caller = Caller.Of(request.User);
        var argument = request.Params?.Argument;
        if (argument is not { Value.Length: <= LongestPrefix })
        {
            return Of([], false);
        }

        switch (request.Params!.Ref)
        {
            case PromptReference prompt when door.Workflows(caller).FirstOrDefault(w => w.Id == prompt.Name) is { } workflow:
                return Matching(PromptArguments.Values(workflow, argument.Name), argument.Value);
            case ResourceTemplateReference { Uri: ActorsUri.WorkflowTemplate } when argument.Name == "workflow_id":
                return Matching(door.Workflows(caller).Select(w => w.Id).Order(StringComparer.Ordinal), argument.Value);
            case ResourceTemplateReference { Uri: ActorsUri.RunTemplate or ActorsUri.TraceTemplate or ActorsUri.ArtifactsTemplate or ActorsUri.ArtifactTemplate } when argument.Name == "run_id":
                return await RunsAsync(caller, argument.Value, cancellationToken);
            case ResourceTemplateReference { Uri: ActorsUri.ArtifactTemplate } when argument.Name == "name" && request.Params.Context?.Arguments?.TryGetValue("run_id", out var run) == true:
                return await watcher.OpenAsync(caller, run, cancellationToken) is { } open ? Matching(RunArtifacts.Of(open.View).Select(a => a.Name), argument.Value) : Of([], false);
            default:
                return Of([], false);
        }
    }

    private async Task<CompleteResult> RunsAsync(Caller caller, string prefix, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        string? cursor = null;
        for (var page = 0; page < MostPages && found.Count < MostValues; page++)
        {
            var runs = await door.ListAsync(caller, new RunListRequest { Cursor = cursor, Limit = RunListRequest.MostRuns }, cancellationToken);
            found.AddRange(runs.Runs.Select(r => r.RunId).Where(id => id.StartsWith(prefix, StringComparison.Ordinal)));
            cursor = runs.NextCursor;
            if (cursor is null)
            {
                break;
            }
        }

        return Of(found, cursor is not null);
    }

    private static CompleteResult Matching(IEnumerable<string> values, string prefix) => Of([.. values.Where(v => v.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))], false);

    private static CompleteResult Of(List<string> values, bool more) => new()
    {
        Completion = new ModelContextProtocol.Protocol.Completion
        {
            Values = [.. values.Take(MostValues)],
            Total = more ? null : values.Count,
            HasMore = more || values.Count > MostValues,
        },
    };
}
