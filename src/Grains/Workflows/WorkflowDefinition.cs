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

    /// <summary>-1 low, 0 normal, 1 high: of two queued runs of a submitter and workflow the higher one starts first. Left out of the JSON when normal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Priority { get; init; }

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

/// <summary>A call of a tool, an approval, or a signal.</summary>
/// <remarks>Members that were added later are left out of the JSON when unused: the hash of a definition that databases hold must not change.</remarks>
public sealed record StepDefinition
{
    /// <summary>1 to 64 characters of <c>a-z 0-9 -</c>, unique in the workflow.</summary>
    public required string Id { get; init; }

    /// <summary>Server id; null when nothing is called.</summary>
    public string? Server { get; init; }

    /// <summary>Tool name; null when nothing is called.</summary>
    public string? Tool { get; init; }

    /// <summary>Time of one call, 1 s to 1 h; zero when nothing is called.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Template of the arguments, an object; empty when nothing is called.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>The author declares that calling again does no harm.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Idempotent { get; init; }

    /// <summary>How often to try again; null for never.</summary>
    public RetryDefinition? Retry { get; init; }

    /// <summary>Set when the step waits for an approval.</summary>
    public ApprovalDefinition? Approval { get; init; }

    /// <summary>Set when the step waits for a signal.</summary>
    public SignalDefinition? Signal { get; init; }
}

/// <summary>Tries of a step, launches of its server included.</summary>
/// <param name="Attempts">In all, 2 to 20.</param>
/// <param name="Backoff">Pause before the second; doubled before each further one.</param>
/// <param name="MaxBackoff">Longest pause.</param>
public sealed record RetryDefinition(int Attempts, TimeSpan Backoff, TimeSpan MaxBackoff);

/// <summary>A question to a person.</summary>
/// <param name="Message">Template of the question.</param>
/// <param name="Timeout">Time for an answer; null for the run's.</param>
public sealed record ApprovalDefinition(string Message, TimeSpan? Timeout);

/// <summary>A message from outside that the run waits for.</summary>
public sealed record SignalDefinition
{
    private JsonSchema? _compiled;

    /// <summary>Unique in the workflow.</summary>
    public required string Name { get; init; }

    /// <summary>JSON Schema of the payload; null for any payload.</summary>
    public JsonElement? Schema
    {
        get;
        init
        {
            field = value;
            _compiled = null;
        }
    }

    /// <summary>Time for it to come; null for the run's.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary><see cref="Schema"/> compiled, on first use.</summary>
    [JsonIgnore]
    public JsonSchema? PayloadSchema => _compiled ??= Schema is { } schema ? JsonSchema.Compile(schema) : null;
}
