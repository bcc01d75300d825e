using System.Globalization;
using System.Text.Json;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>What a value of a predicate must be: one of some values, or a text that matches.</summary>
/// <param name="Path">Which value; the root is the predicate.</param>
/// <param name="OneOf">Allowed values; null when <paramref name="Matches"/> says it.</param>
/// <param name="Matches">What the text must match.</param>
internal sealed record Condition(JsonPath Path, IReadOnlyList<PlainValue>? OneOf, IdentityPattern? Matches)
{
    /// <summary>Why the predicate does not meet it; null when it does. A value that is missing, or is no plain value, never does.</summary>
    public string? FaultFor(JsonElement predicate)
    {
        if (Path.Find(predicate) is not { } value)
        {
            return $"its predicate has no value at {Path}";
        }

        var holds = OneOf is not null
            ? OneOf.Any(v => v.Equals(PlainValue.Of(value)))
            : PlainValue.Of(value) is { Kind: JsonValueKind.String, Text: { } text } && Matches!.Matches(text);
        return holds ? null : $"the value at {Path} is not as the policy demands";
    }
}

/// <summary>A text, a number or a truth value, comparable between YAML and JSON.</summary>
/// <param name="Kind">String, Number, True or False.</param>
/// <param name="Text">The text; a number in one form; else empty.</param>
internal sealed record PlainValue(JsonValueKind Kind, string Text)
{
    private const int MaxDigits = 20;
    private const int MaxExponent = 8;

    /// <summary>The value of JSON; null for an object, an array, null, or what is no text.</summary>
    public static PlainValue? Of(JsonElement value)
    {
        try
        {
            return value.ValueKind switch
            {
                JsonValueKind.String => new PlainValue(JsonValueKind.String, value.GetString()!),
                JsonValueKind.Number => OfNumber(value.GetRawText()),
                JsonValueKind.True or JsonValueKind.False => new PlainValue(value.ValueKind, ""),
                _ => null,
            };
        }
        catch (InvalidOperationException)
        {
            // An escape that is half of a surrogate pair is no text.
            return null;
        }
    }

    /// <summary>The value of YAML: what is quoted is text, else true, false and numbers are what they look like.</summary>
    public static PlainValue Of(PolicyScalar scalar) => scalar switch
    {
        { Plain: true, Value: "true" } => new PlainValue(JsonValueKind.True, ""),
        { Plain: true, Value: "false" } => new PlainValue(JsonValueKind.False, ""),
        { Plain: true } => OfNumber(scalar.Value) ?? new PlainValue(JsonValueKind.String, scalar.Value),
        _ => new PlainValue(JsonValueKind.String, scalar.Value),
    };

    // Only what a decimal holds exactly: one that were rounded would equal a number that it is not.
    private static PlainValue? OfNumber(string text) =>
        IsExact(text) && decimal.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number)
            ? new PlainValue(JsonValueKind.Number, (number / 1.0000000000000000000000000000m).ToString(CultureInfo.InvariantCulture))
            : null;

    private static bool IsExact(string text)
    {
        var e = text.IndexOfAny(['e', 'E']);
                return (e < 0 ? text : text[..e]).Count(char.IsAsciiDigit) <= MaxDigits
            && (e < 0 || (int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var exponent) && exponent is >= -MaxExponent and <= MaxExponent));
    }
}
