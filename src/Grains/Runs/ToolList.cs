using System.Text.Json;

namespace Actors.Grains.Runs;

/// <summary>Reads the untrusted answer to <c>tools/list</c>.</summary>
internal static class ToolList
{
    private const int MostTools = 1000;

    // The specification recommends 128 at most.
    private const int LongestName = 128;

    /// <summary>Adds the page's tools; false when the page is malformed or there are too many.</summary>
    public static bool TryRead(JsonElement page, List<ToolFacts> tools, out string? cursor)
    {
        cursor = null;
        if (page.ValueKind != JsonValueKind.Object || !page.TryGetProperty("tools", out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return false;
        }

        foreach (var tool in list.EnumerateArray())
        {
            if (tool.ValueKind != JsonValueKind.Object
                || !tool.TryGetProperty("name", out var name)
                || name.ValueKind != JsonValueKind.String
                || tools.Count >= MostTools
                || name.GetString()!.Length > LongestName)
            {
                return false;
            }

            tools.Add(new ToolFacts(name.GetString()!, Hint(tool, "readOnlyHint"), Hint(tool, "idempotentHint")));
        }

        cursor = page.TryGetProperty("nextCursor", out var next) && next.ValueKind == JsonValueKind.String ? next.GetString() : null;
        return true;
    }

    private static bool Hint(JsonElement tool, string name) =>
        tool.TryGetProperty("annotations", out var annotations)
        && annotations.ValueKind == JsonValueKind.Object
        && annotations.TryGetProperty(name, out var hint)
        && hint.ValueKind == JsonValueKind.True;
}
