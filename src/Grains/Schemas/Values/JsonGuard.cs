using System.Runtime.InteropServices;
using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>What is wrong with a JSON value before any schema is looked at.</summary>
internal sealed record JsonProblem(string Pointer, string Message);

/// <summary>Refuses values that can't be read the same way by everyone: too deep, names given twice, strings that are no Unicode.</summary>
internal static class JsonGuard
{
    /// <summary>Null when the value is fine.</summary>
    public static JsonProblem? Check(JsonElement root, long work)
    {
        if (root.ValueKind == JsonValueKind.Undefined)
        {
            return new JsonProblem("", "there is no value");
        }

        return JsonMarshal.GetRawUtf8Value(root).Length > work * 8
            ? new JsonProblem("", $"the value is longer than {work * 8} bytes; send a smaller one")
            : Check(root, InstancePath.Root, 0);
    }

    private static JsonProblem? Check(JsonElement value, InstancePath path, int depth)
    {
        if (depth > SchemaLimits.Depth)
        {
            return new JsonProblem(path.ToString(), $"the value is nested deeper than {SchemaLimits.Depth} levels");
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => Readable(() => value.GetString(), path),
            JsonValueKind.Number when !JsonNumber.IsBounded(value) =>
                new JsonProblem(path.ToString(), $"the number is longer than {JsonNumber.LongestText} characters or its exponent is beyond {JsonNumber.LargestExponent}"),
            JsonValueKind.Array => CheckItems(value, path, depth),
            JsonValueKind.Object => CheckMembers(value, path, depth),
            _ => null,
        };
    }

    private static JsonProblem? CheckItems(JsonElement value, InstancePath path, int depth)
    {
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            if (Check(item, path.Child(index++), depth + 1) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static JsonProblem? CheckMembers(JsonElement value, InstancePath path, int depth)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            if (Readable(() => member.Name, path) is { } unreadable)
            {
                return unreadable;
            }

            if (!names.Add(member.Name))
            {
                return new JsonProblem(path.ToString(), $"has the property {Describe.Name(member.Name)} twice");
            }

            if (Check(member.Value, path.Child(member.Name), depth + 1) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    private static JsonProblem? Readable(Func<string?> read, InstancePath path)
    {
        try
        {
            read();
            return null;
        }
        catch (InvalidOperationException)
        {
            return new JsonProblem(path.ToString(), "holds a string with half a surrogate pair, which is no Unicode text");
        }
    }
}
