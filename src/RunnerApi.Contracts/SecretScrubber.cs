using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.RunnerApi.Contracts;

/// <summary>Replaces the values of known secrets wherever they appear in text or JSON, as they are, base64 or percent-encoded.</summary>
public sealed class SecretScrubber
{
    /// <summary>What stands in place of a secret.</summary>
    public const string Mask = "[redacted]";

    /// <summary>Shorter values are not searched for: they would blank out ordinary text and reveal more than they hide.</summary>
    public const int ShortestValue = 6;

    private readonly string[] _needles;

    /// <summary>Takes the values to hide; values under six characters are not searched for.</summary>
    public SecretScrubber(IEnumerable<string> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _needles = [.. values
            .Select(v => v.Trim())
            .Where(v => v.Length >= ShortestValue)
            .SelectMany(Forms)
            .Distinct(StringComparer.Ordinal)
            .OrderByDescending(v => v.Length)];
    }

    /// <summary>A scrubber that knows no secret.</summary>
    public static SecretScrubber None { get; } = new([]);

    /// <summary>True when there is nothing to look for.</summary>
    public bool IsEmpty => _needles.Length == 0;

    /// <summary>Bytes of the longest form that is searched for; 0 when there is none. Who cuts a text must keep this much before the cut.</summary>
    public int LongestForm => _needles.Length == 0 ? 0 : _needles.Max(Encoding.UTF8.GetByteCount);

    /// <summary>Scrubs plain text.</summary>
    public string Scrub(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var needle in _needles)
        {
            text = text.Replace(needle, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    /// <summary>Scrubs every string and property name in a JSON value; the same value comes back when nothing was found.</summary>
    public JsonElement Scrub(JsonElement value)
    {
        if (IsEmpty || !Contains(value))
        {
            return value;
        }

        return JsonSerializer.SerializeToElement(Rewrite(value), ContractJson.Options);
    }

    private bool Contains(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Hit(value.GetString()!),
        JsonValueKind.Array => value.EnumerateArray().Any(Contains),
        JsonValueKind.Object => value.EnumerateObject().Any(p => Hit(p.Name) || Contains(p.Value)),
        _ => false,
    };

    private bool Hit(string text) => Array.Exists(_needles, n => text.Contains(n, StringComparison.Ordinal));

    private JsonNode? Rewrite(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return JsonValue.Create(Scrub(value.GetString()!));
            case JsonValueKind.Array:
                return new JsonArray([.. value.EnumerateArray().Select(Rewrite)]);
            case JsonValueKind.Object:
                var result = new JsonObject();
                foreach (var property in value.EnumerateObject())
                {
                    result[Scrub(property.Name)] = Rewrite(property.Value);
                }

                return result;
            default:
                return JsonValue.Create(value);
        }
    }

    private static IEnumerable<string> Forms(string value)
    {
        yield return value;
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(value));
        yield return Uri.EscapeDataString(value);
    }
}
