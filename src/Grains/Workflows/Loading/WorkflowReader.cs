using System.Text.Json;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Turns the YAML of one workflow into a definition; every fault is collected.</summary>
internal static class WorkflowReader
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromMinutes(10);
    private static readonly JsonElement NoParams = JsonElement.Parse("""{"type":"object","additionalProperties":false}""");

    /// <summary>The definition is only good when <paramref name="faults"/> stays empty.</summary>
    public static WorkflowDefinition Read(YamlMap root, FaultList faults)
    {
        var reader = new MapReader(root, "A workflow", faults);
        var id = reader.Text(reader.Required("id"), "'id'", TextRule.Id);
        var version = reader.Text(reader.Required("version"), "'version'", TextRule.Line(64));
        var description = reader.Text(reader.Optional("description"), "'description'", TextRule.Prose(4096));
        var timeout = reader.Quantity("timeout", t => Quantities.Duration(t, WorkflowLimits.RunTimeout), "a duration such as 30s, 5m or 2h, up to 24h");
        var priority = reader.Quantity("priority", Priority, "low, normal or high");
        var parameters = Params(reader);
        var servers = reader.Required("servers") is { } value ? reader.AsMap(value, "'servers'") : null;
        var definitions = servers is null ? [] : ServerReader.Read(servers, faults);
        var steps = StepReader.Read(reader);
        var output = reader.Optional("output");
        reader.Finish();

        var references = new ReferenceChecker(parameters, steps, faults);
        if (servers is not null)
        {
            references.CheckSteps(servers);
        }

        references.CheckTimeouts(timeout ?? DefaultTimeout);
        references.CheckArguments();
        references.Check(output is null ? [] : ExpressionReader.Read(output, faults), steps.Count);
        return new WorkflowDefinition
        {
            Id = id ?? "",
            Version = version ?? "",
            Description = description ?? "",
            Timeout = timeout ?? DefaultTimeout,
            Priority = priority ?? 0,
            Params = parameters,
            Servers = definitions,
            Steps = [.. steps.Select(s => s.Definition)],
            Output = output is null ? null : YamlJson.Convert(output, faults) is { ValueKind: not JsonValueKind.Null } template ? template : null,
        };
    }

    private static int? Priority(string text) => text switch
    {
        "low" => -1,
        "normal" => 0,
        "high" => 1,
        _ => null,
    };

    private static JsonElement Params(MapReader reader)
    {
        if (reader.Optional("params") is not { } value || reader.AsMap(value, "'params'") is not { } map)
        {
            return NoParams;
        }

        var schema = SchemaReader.Read(map, "the params", reader.Faults);
        if (!schema.TryGetProperty("type", out var type) || type.ValueKind != JsonValueKind.String || type.GetString() != "object")
        {
            reader.Faults.Add(map.Find("type") ?? map, "The schema of the params must have 'type: object'. Add it.");
        }

        return schema;
    }
}
