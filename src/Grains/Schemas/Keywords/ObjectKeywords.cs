using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary><c>required</c> and <c>dependentRequired</c>.</summary>
internal static class ObjectKeywords
{
    public static void Read(KeywordReader reader)
    {
        if (reader.Names("required") is { } required)
        {
            reader.Add(new Required("required", null, required));
        }

        if (reader.Of("dependentRequired", JsonValueKind.Object, "an object of lists of property names") is not { } dependent)
        {
            return;
        }

        foreach (var member in dependent.EnumerateObject())
        {
            if (reader.Names($"dependentRequired/{JsonPointer.Escape(member.Name)}", member.Value) is { } names)
            {
                reader.Add(new Required("dependentRequired", member.Name, names));
            }
        }
    }

    private sealed class Required(string keyword, string? trigger, IReadOnlyList<string> names) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!frame.IsObject || (trigger is not null && !frame.Instance.TryGetProperty(trigger, out _)))
            {
                return;
            }

            var lookup = 1 + (frame.Instance.GetPropertyCount() / 8);
            foreach (var name in names)
            {
                if (frame.Done || !frame.Spend(lookup))
                {
                    return;
                }

                if (!frame.Instance.TryGetProperty(name, out _))
                {
                    frame.Fail(keyword, $"lacks the property {Describe.Name(name)}, which is required{(trigger is null ? "" : " together with " + Describe.Name(trigger))}");
                }
            }
        }
    }
}
