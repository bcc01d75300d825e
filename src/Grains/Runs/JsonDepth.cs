using System.Text.Json;

namespace Actors.Grains.Runs;

/// <summary>How deep a value is nested; a scalar is 0 deep.</summary>
internal static class JsonDepth
{
    public static bool IsWithin(JsonElement value, int levels) => value.ValueKind switch
    {
        JsonValueKind.Object => levels > 0 && value.EnumerateObject().All(p => IsWithin(p.Value, levels - 1)),
        JsonValueKind.Array => levels > 0 && value.EnumerateArray().All(i => IsWithin(i, levels - 1)),
        _ => true,
    };
}
