using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Prompts;

/// <summary>One prompt per workflow: how to run it, with the params that are given.</summary>
internal sealed class PromptsFeature(RunDoor door) : IMcpFeature
{
    private const int MostPrompts = 100;

    public void Configure(McpServerOptions options)
    {
        options.Handlers.ListPromptsHandler = List;
        options.Handlers.GetPromptHandler = Get;
    }

    private ValueTask<ListPromptsResult> List(RequestContext<ListPromptsRequestParams> request, CancellationToken cancellationToken)
    {
        var after = request.Params?.Cursor ?? "";
        var left = door.Workflows(Caller.Of(request.User)).Where(w => string.CompareOrdinal(w.Id, after) > 0).OrderBy(w => w.Id, StringComparer.Ordinal).ToList();
        return ValueTask.FromResult(new ListPromptsResult
        {
            Prompts = [.. left.Take(MostPrompts).Select(Of)],
            NextCursor = left.Count > MostPrompts ? left[MostPrompts - 1].Id : null,
            TimeToLive = TimeSpan.Zero,
            CacheScope = CacheScope.Private,
        });
    }

    private ValueTask<GetPromptResult> Get(RequestContext<GetPromptRequestParams> request, CancellationToken cancellationToken)
    {
        var name = request.Params?.Name;
        if (door.Workflows(Caller.Of(request.User)).FirstOrDefault(w => w.Id == name) is not { } workflow)
        {
            throw new McpProtocolException($"There is no prompt '{(name is { Length: > 64 } ? name[..64] + "…" : name)}'. prompts/list tells which there are.", McpErrorCode.InvalidParams);
        }

        try
        {
            var text = WorkflowGuide.Of(workflow, PromptArguments.Params(workflow, request.Params?.Arguments));
            return ValueTask.FromResult(new GetPromptResult
            {
                Description = Of(workflow).Description,
                Messages = [new PromptMessage { Role = Role.User, Content = new TextContentBlock { Text = text } }],
            });
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    private static Prompt Of(WorkflowView workflow) => new()
    {
        Name = workflow.Id,
        Title = $"Run {workflow.Id}",
        Description = workflow.Description.Length > 0 ? workflow.Description : $"How to run the workflow {workflow.Id}.",
        Arguments = [.. PromptArguments.Of(workflow)],
    };
}
