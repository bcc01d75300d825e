using System.Text.Json;
using Actors.Grains.Schemas;

namespace Actors.Grains.Workflows.Expressions;

/// <summary>Follows a path through the context; what is missing is a typed error that says how far it came.</summary>
internal static class PathEvaluator
{
    /// <exception cref="ExpressionException">Something on the way is missing.</exception>
    public static JsonElement Evaluate(PathExpression path, ExpressionContext context) => path.Segments[0].Name switch
    {
        "params" => Follow(path, context.Params, 1),
        "run" => JsonSerializer.SerializeToElement(context.RunId),
        _ => context.Results.TryGetValue(path.Segments[1].Name!, out var result)
            ? Follow(path, result, 3)
            : throw Problem(path, $"the step {Describe.Name(path.Segments[1].Name!)} has no result; there are results of: {Listed(context.Results.Keys)}"),
    };

    private static JsonElement Follow(PathExpression path, JsonElement value, int from)
    {
        for (var i = from; i < path.Segments.Count; i++)
        {
            var (name, index) = path.Segments[i];
            if (name is not null && value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var member))
            {
                value = member;
            }
            else if (name is null && value.ValueKind == JsonValueKind.Array && index < value.GetArrayLength())
            {
                value = value[index];
            }
            else
            {
                throw Problem(path, $"{Describe.Shorten(path.Prefix(i))} {Missing(value, path.Segments[i])}");
            }
        }

        return value;
    }

    private static string Missing(JsonElement value, PathSegment segment) => (value.ValueKind, segment.Name) switch
    {
        (JsonValueKind.Object, not null) => $"has no {Describe.Name(segment.Name)}; it has: {Keys(value)}",
        (JsonValueKind.Object, null) => $"is an object and takes a name, not an index; it has: {Keys(value)}",
        (JsonValueKind.Array, null) => $"has {Describe.Count(value.GetArrayLength(), "item")} and so no {segment}; indexes start at 0",
        (JsonValueKind.Array, _) => $"is an array of {Describe.Count(value.GetArrayLength(), "item")} and takes an index such as [0], not a name",
        _ => $"is {Describe.Kind(value)} and has nothing inside",
    };

    private static string Keys(JsonElement value)
    {
        try
        {
            return Listed(value.EnumerateObject().Select(p => p.Name));
        }
        catch (InvalidOperationException)
        {
            return "names that are no Unicode text";
        }
    }

    private static string Listed(IEnumerable<string> names) => Describe.Names(names) is { Length: > 0 } listed ? listed : "nothing";

    private static ExpressionException Problem(PathExpression path, string message) => new(Describe.Shorten(path.Source), message);
}
