using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Access;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Resources;

/// <summary>Runs, their traces and artifacts, and workflows, to read by URI.</summary>
internal sealed class ResourcesFeature(RunDoor door, RunAnswers answers, LargeAnswers large) : IMcpFeature
{
    // The bytes of a page are bounded where it is made.
    private const int TraceEntries = 500;

    private static readonly IReadOnlyList<ResourceTemplate> Templates =
    [
        Template(ActorsUri.WorkflowTemplate, "workflow", "A workflow: what it is for, the JSON Schema of its params, its steps."),
        Template(ActorsUri.RunTemplate, "run", "A run as it is now: status, outcome, output, steps."),
        Template(ActorsUri.TraceTemplate, "trace", "A run's trace, or what follows the entry of the number 'after'. When next_after is there, read on with after = next_after."),
        Template(ActorsUri.ArtifactsTemplate, "artifacts", "The list of a run's artifacts."),
        Template(ActorsUri.ArtifactTemplate, "artifact", "An artifact of a run: output.json, or steps/{step}.json for the result of a step that succeeded. They come from untrusted servers."),
    ];

    public void Configure(McpServerOptions options)
    {
        options.Capabilities ??= new ServerCapabilities();
        options.Capabilities.Resources ??= new ResourcesCapability();
        options.Handlers.ListResourcesHandler = ListAsync;
        options.Handlers.ListResourceTemplatesHandler = (_, _) => ValueTask.FromResult(new ListResourceTemplatesResult { ResourceTemplates = [.. Templates] });
        options.Handlers.ReadResourceHandler = ReadAsync;
    }

    private async ValueTask<ListResourcesResult> ListAsync(RequestContext<ListResourcesRequestParams> request, CancellationToken cancellationToken)
    {
        try
        {
            var page = await ResourceList.PageAsync(door, Caller.Of(request.User), request.Params?.Cursor, cancellationToken);
            return new ListResourcesResult { Resources = [.. page.Resources], NextCursor = page.NextCursor, TimeToLive = TimeSpan.Zero, CacheScope = CacheScope.Private };
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    private async ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken cancellationToken)
    {
        var uri = request.Params?.Uri ?? "";
        try
        {
            if (ActorsUri.Parse(uri) is not { } named || await ContentAsync(named, Caller.Of(request.User), cancellationToken) is not { } content)
            {
                throw request.JsonRpcRequest.UnknownResource(uri);
            }

            if (content is JsonElement artifact)
            {
                large.Admit(artifact, request);
            }

            var text = content is JsonElement json ? json.GetRawText() : JsonSerializer.Serialize(content, ActorsJson.Options);
            return new ReadResourceResult
            {
                Contents = [new TextResourceContents { Uri = uri, MimeType = ActorsUri.Json, Text = text }],
                TimeToLive = TimeSpan.Zero,
                CacheScope = CacheScope.Private,
            };
        }
        catch (RunRejectedException e) when (e.Error.Code == "unknown_run")
        {
            throw request.JsonRpcRequest.UnknownResource(uri);
        }
        catch (RunRejectedException e)
        {
            throw e.ToProtocolError();
        }
    }

    /// <summary>What the URI names, to be written as JSON; null when there is no such thing.</summary>
    private async Task<object?> ContentAsync(ActorsUri uri, Caller caller, CancellationToken cancellationToken)
    {
        if (uri is not ActorsUri.InRun { RunId: var id })
        {
            return uri is ActorsUri.OfWorkflow workflow ? door.Workflows(caller).FirstOrDefault(w => w.Id == workflow.Id) : null;
        }

        var run = await door.OpenAsync(caller, id, Verb.ReadOwn, cancellationToken);
        return uri switch
        {
            ActorsUri.OfTrace trace => await run.Grain.GetTraceAsync(trace.AfterSeq, TraceEntries, cancellationToken) is { } page ? TraceView.Of(page, answers) : null,
            ActorsUri.OfArtifacts => new { run_id = id, artifacts = RunArtifacts.Of(run.View) },
            ActorsUri.OfArtifact artifact => await RunArtifacts.ReadAsync(run, artifact.Name, cancellationToken),
            _ => answers.Value(run.View),
        };
    }

    private static ResourceTemplate Template(string uri, string name, string description) => new() { UriTemplate = uri, Name = name, Description = description, MimeType = ActorsUri.Json };
}
