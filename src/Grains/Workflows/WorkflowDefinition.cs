using System.Text.Json;
using System.Text.Json.Serialization;
using Actors.Grains.Schemas;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Workflows;

/// <summary>A checked workflow. A run pins it as JSON (<see cref="WorkflowJson"/>), so a later change of the file does not touch runs that exist.</summary>
public sealed record WorkflowDefinition
{
    private JsonSchema? _paramsSchema;

    /// <summary>1 to 64 characters of <c>a-z 0-9 -</c>, unique in the catalog.</summary>
    public required string Id { get; init; }

    /// <summary>As the author writes it, at most 64 characters.</summary>
    public required string Version { get; init; }

    /// <summary>What it is for; may be empty.</summary>
    public string Description { get; init; } = "";

    /// <summary>Time of the whole run, 1 s to 24 h.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>JSON Schema of the params, an object schema.</summary>
    public required JsonElement Params
    {
        get;
        init
        {
            field = value;
            _paramsSchema = null;
        }
    }

    /// <summary>By server id; every one is used by a step.</summary>
    public required IReadOnlyDictionary<string, ServerDefinition> Servers { get; init; }

    /// <summary>In order of execution; at least one.</summary>
    public required IReadOnlyList<StepDefinition> Steps { get; init; }

    /// <summary>Template of the run's output; null when there is none.</summary>
    public JsonElement? Output { get; init; }

    /// <summary><see cref="Params"/> compiled, on first use.</summary>
    [JsonIgnore]
    public JsonSchema ParamsSchema => _paramsSchema ??= JsonSchema.Compile(Params);

    /// <summary>SHA-256 (lower-case hex) of the canonical JSON: the same for files that differ only in layout. Computed at each use.</summary>
    [JsonIgnore]
    public string DefinitionHash => WorkflowJson.Hash(this);
}

/// <summary>An MCP server that a workflow calls.</summary>
public sealed record ServerDefinition
{
    /// <summary>OCI reference as written; the policy gate decides on it.</summary>
    public required string Image { get; init; }

    /// <summary>Replaces the image's command when not empty.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Environment variables, not secret.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Environment variable to the name of a secret.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Profile of the policy.</summary>
    public string Profile { get; init; } = "default";

    /// <summary>Requested limits; null members mean the profile's.</summary>
    public SandboxLimits Limits { get; init; } = new();
}

/// <summary>One call of a tool.</summary>
public sealed record StepDefinition
{
    /// <summary>1 to 64 characters of <c>a-z 0-9 -</c>, unique in the workflow.</summary>
    public required string Id { get; init; }

    /// <summary>Server id.</summary>
    public required string Server { get; init; }

    /// <summary>Tool name.</summary>
    public required string Tool { get; init; }

    /// <summary>Time of one call, 1 s to 1 h.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Template of the arguments, an object.</summary>
    public required JsonElement Arguments { get; init; }
}
