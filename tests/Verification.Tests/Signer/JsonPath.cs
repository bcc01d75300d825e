using System.Globalization;
using System.Text.Json.Nodes;

namespace Actors.Verification.Tests.Signer;

/// <summary>Changes JSON by paths such as <c>a/0/b</c>.</summary>
internal static class JsonPath
{
    public static JsonNode At(this JsonNode node, string path) => path.Length == 0 ? node : path.Split('/').Aggregate(node, Step);

    public static string Text(this JsonNode node, string path) => node.At(path).GetValue<string>();

    public static void Set(this JsonNode node, string path, JsonNode? value)
    {
        var (parent, name) = Parent(node, path);
        if (parent is JsonArray array)
        {
            array[Index(name)] = value;
        }
        else
        {
            parent[name] = value;
        }
    }

    public static void Drop(this JsonNode node, string path)
    {
        var (parent, name) = Parent(node, path);
        if (parent is JsonArray array)
        {
            array.RemoveAt(Index(name));
        }
        else
        {
            parent.AsObject().Remove(name);
        }
    }

    /// <summary>Appends copies of an array's first element until it has that many.</summary>
    public static void Repeat(this JsonNode node, string path, int count)
    {
        var array = node.At(path).AsArray();
        while (array.Count < count)
        {
            array.Add(array[0]!.DeepClone());
        }
    }

    /// <summary>Flips a bit in the middle of a base64 text.</summary>
    public static void Flip(this JsonNode node, string path)
    {
        var bytes = Convert.FromBase64String(node.Text(path));
        bytes[bytes.Length / 2] ^= 1;
        node.Set(path, Convert.ToBase64String(bytes));
    }

    private static (JsonNode Parent, string Name) Parent(JsonNode node, string path)
    {
        var slash = path.LastIndexOf('/');
        return slash < 0 ? (node, path) : (node.At(path[..slash]), path[(slash + 1)..]);
    }

    private static JsonNode Step(JsonNode node, string name) => (node is JsonArray array ? array[Index(name)] : node[name]) ?? throw new InvalidOperationException("There is no " + name);

    private static int Index(string name) => int.Parse(name, CultureInfo.InvariantCulture);
}
