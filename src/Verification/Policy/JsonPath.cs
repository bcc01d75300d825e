using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace Actors.Verification.Policy;

/// <summary>A path to one value: <c>$</c>, then <c>.name</c>, <c>['any name']</c> or <c>[0]</c>, at most <see cref="MaxSteps"/> of them. No wildcards, filters or descent: a path is one value or none.</summary>
internal sealed class JsonPath
{
    /// <summary>Most steps of a path.</summary>
    public const int MaxSteps = 16;

    private const int MaxLength = 256;
    private const int MaxIndexDigits = 4;
    private readonly string _text;
    private readonly IReadOnlyList<Step> _steps;

    private JsonPath(string text, IReadOnlyList<Step> steps) => (_text, _steps) = (text, steps);

    /// <summary>Parses a path; false for anything else.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out JsonPath? path)
    {
        path = null;
        if (text.Length > MaxLength || !text.StartsWith('$'))
        {
            return false;
        }

        var steps = new List<Step>();
        for (var at = 1; at < text.Length;)
        {
            if (steps.Count == MaxSteps || !TryReadStep(text, ref at, out var step))
            {
                return false;
            }

            steps.Add(step);
        }

        path = new JsonPath(text, steps);
        return true;
    }

    /// <summary>The value, or null when there is none.</summary>
    public JsonElement? Find(JsonElement root)
    {
        foreach (var step in _steps)
        {
            if (step.Name is { } name && root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var member))
            {
                root = member;
            }
            else if (step.Name is null && root.ValueKind == JsonValueKind.Array && step.Index < root.GetArrayLength())
            {
                root = root[step.Index];
            }
            else
            {
                return null;
            }
        }

        return root.ValueKind == JsonValueKind.Undefined ? null : root;
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static bool TryReadStep(string text, ref int at, out Step step)
    {
        step = default;
        if (text[at] == '.')
        {
            var start = ++at;
            while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '-'))
            {
                at++;
            }

            step = new Step(text[start..at], 0);
            return at > start;
        }

        var close = text[at] == '[' ? text.IndexOf(']', at) : -1;
        if (close < 0)
        {
            return false;
        }

        var inner = text[(at + 1)..close];
        at = close + 1;
        if (inner.Length > 2 && inner[0] is ('\'' or '"') && inner.IndexOf(inner[0], 1) == inner.Length - 1)
        {
            step = new Step(inner[1..^1], 0);
            return true;
        }

        if (inner.Length > MaxIndexDigits || !int.TryParse(inner, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            return false;
        }

        step = new Step(null, index);
        return true;
    }

    private readonly record struct Step(string? Name, int Index);
}
