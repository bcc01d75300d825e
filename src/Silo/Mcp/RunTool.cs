using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Schemas;
using Actors.Silo.Mcp.Results;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>A tool of this server: checks its arguments against its own input schema, answers with structured content, and turns typed errors into results that an agent can act on.</summary>
internal abstract class RunTool : McpServerTool
{
    private readonly JsonSchema _input;

    protected RunTool(Tool tool)
    {
        ProtocolTool = tool;
        _input = JsonSchema.Compile(tool.InputSchema);
    }

    public override Tool ProtocolTool { get; }

    public override IReadOnlyList<object> Metadata => [];

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        try
        {
            return (await AnswerAsync(Arguments(request), request, cancellationToken)).ToResult();
        }
        catch (RunRejectedException e)
        {
            return ToolAnswer.Failure(e.Error);
        }
    }

    /// <summary>The call's arguments.</summary>
    /// <exception cref="RunRejectedException"><c>invalid_arguments</c>: they do not fit the input schema.</exception>
    protected JsonElement Arguments(RequestContext<CallToolRequestParams> request)
    {
        var arguments = JsonSerializer.SerializeToElement(request.Params?.Arguments ?? new Dictionary<string, JsonElement>(StringComparer.Ordinal), ActorsJson.Options);
        var faults = _input.Validate(arguments);
        return faults.Count == 0 ? arguments
            : throw new RunRejectedException(new RunError("invalid_arguments", $"{ProtocolTool.Name}: {faults[0]}", Details: [.. faults.Select(f => f.ToString())]));
    }

    /// <summary>Answers a call whose arguments fit the input schema.</summary>
    /// <exception cref="RunRejectedException">A typed error for the caller.</exception>
    protected abstract Task<ToolAnswer> AnswerAsync(JsonElement arguments, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken);

    /// <summary>Describes a tool; the schemas are JSON text.</summary>
    protected static Tool Describe(string name, string title, string description, string input, string output, bool readOnly, bool idempotent, bool destructive = false, bool openWorld = false) => new()
    {
        Name = name,
        Title = title,
        Description = description,
        InputSchema = JsonElement.Parse(input),
        OutputSchema = JsonElement.Parse(output),
        Annotations = new ToolAnnotations { Title = title, ReadOnlyHint = readOnly, IdempotentHint = idempotent, DestructiveHint = destructive, OpenWorldHint = openWorld },
    };

    protected static string RunIdOf(JsonElement arguments) => arguments.GetProperty("run_id").GetString()!;
}
