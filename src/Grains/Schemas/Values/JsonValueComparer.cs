using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>JSON equality: numbers by value, objects without order. Hashes agree with <see cref="JsonElement.DeepEquals"/>.</summary>
internal sealed class JsonValueComparer : IEqualityComparer<JsonElement>
{
    public static JsonValueComparer Instance { get; } = new();

    public bool Equals(JsonElement x, JsonElement y) => JsonElement.DeepEquals(x, y);

    public int GetHashCode(JsonElement obj)
    {
        var hash = new HashCode();
        hash.Add(obj.ValueKind);
        switch (obj.ValueKind)
        {
            case JsonValueKind.Number:
                hash.Add(JsonNumber.Parse(obj));
                break;
            case JsonValueKind.String:
                hash.Add(obj.GetString(), StringComparer.Ordinal);
                break;
            case JsonValueKind.Array:
                foreach (var item in obj.EnumerateArray())
                {
                    hash.Add(GetHashCode(item));
                }

                break;
            case JsonValueKind.Object:
                hash.Add(obj.EnumerateObject().Aggregate(0, (sum, p) => unchecked(sum + HashCode.Combine(p.Name, GetHashCode(p.Value)))));
                break;
        }

        return hash.ToHashCode();
    }
}
