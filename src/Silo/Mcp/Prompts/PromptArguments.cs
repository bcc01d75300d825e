using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Grains.Schemas;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Prompts;

/// <summary>A workflow's params as the arguments of its prompt: one for each property of the params' schema. Arguments are texts, params are any JSON.</summary>
internal static class PromptArguments
{
    /// <summary>The arguments that a prompt takes.</summary>
    public static IEnumerable<PromptArgument> Of(WorkflowView workflow)
    {
        var required = Required(workflow.Params);
        return Properties(workflow.Params).Select(p => new PromptArgument { Name = p.Key, Description = Describe(p.Value), Required = required.Contains(p.Key) });
    }

    /// <summary>Values that an argument may have by its schema's <c>enum</c>; a boolean has two.</summary>
    public static IEnumerable<string> Values(WorkflowView workflow, string argument)
    {
        if (!Properties(workflow.Params).TryGetValue(argument, out var schema) || schema.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        return schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array
            ? values.EnumerateArray().Select(Text)
            : IsOfType(schema, "boolean") ? ["true", "false"] : [];
    }

    /// <summary>The params that arguments stand for; null when there are none.</summary>
    /// <exception cref="RunRejectedException"><c>invalid_params</c>: they do not fit the workflow's schema.</exception>
    public static JsonElement? Params(WorkflowView workflow, IDictionary<string, JsonElement>? arguments)
    {
        if (arguments is not { Count: > 0 })
        {
            return null;
        }

        var schemas = Properties(workflow.Params);
        var given = new JsonObject();
        foreach (var (name, value) in arguments)
        {
            given[name] = Value(value, schemas.GetValueOrDefault(name));
        }

        var built = JsonSerializer.SerializeToElement(given, ActorsJson.Options);
        var faults = JsonSchema.Compile(workflow.Params).Validate(built);
        return faults.Count == 0 ? built
            : throw new RunRejectedException(new RunError("invalid_params", $"The arguments do not fit the params of workflow '{workflow.Id}': {string.Join("; ", faults.Take(5))}"));
    }

    // A text stays one where the schema takes texts; elsewhere it is read as JSON, if it is some.
    private static JsonNode? Value(JsonElement value, JsonElement schema)
    {
        if (value.ValueKind != JsonValueKind.String || IsOfType(schema, "string"))
        {
            return JsonSerializer.SerializeToNode(value);
        }

        try
        {
            return JsonNode.Parse(value.GetString()!);
        }
        catch (JsonException)
        {
            return value.GetString();
        }
    }

    private static bool IsOfType(JsonElement schema, string type) => schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out var of) && of.ValueKind switch
    {
        JsonValueKind.String => of.ValueEquals(type),
        JsonValueKind.Array => of.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.ValueEquals(type)),
        _ => false,
    };

    private static Dictionary<string, JsonElement> Properties(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? properties.EnumerateObject().ToDictionary(p => p.Name, p => p.Value, StringComparer.Ordinal)
            : [];

    private static HashSet<string> Required(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array
            ? required.EnumerateArray().Select(Text).ToHashSet(StringComparer.Ordinal)
            : [];

    private static string? Describe(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var description = schema.TryGetProperty("description", out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
        return description ?? (schema.TryGetProperty("type", out var type) ? $"JSON: {Text(type)}" : null);
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
