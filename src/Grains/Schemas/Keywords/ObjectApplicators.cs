using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Subschemas for members and names of objects.</summary>
internal static class ObjectApplicators
{
    public static void Read(KeywordReader reader)
    {
        var properties = reader.SchemaMap("properties");
        var patterns = reader.SchemaMap("patternProperties");
        var compiled = patterns?.Select(p => (Pattern: reader.Pattern($"patternProperties/{JsonPointer.Escape(p.Key)}", p.Key), Schema: p.Value))
            .Where(p => p.Pattern is not null).Select(p => (p.Pattern!, p.Schema)).ToArray();
        var additional = reader.Schema("additionalProperties");
        if (properties is not null || compiled is not null || additional is not null)
        {
            reader.Add(new Members(properties ?? new Dictionary<string, SchemaNode>(StringComparer.Ordinal), compiled ?? [], additional));
        }

        if (reader.Schema("propertyNames") is { } names)
        {
            reader.Add(new PropertyNames(names));
        }

        if (reader.SchemaMap("dependentSchemas") is { } dependent)
        {
            reader.Add(new DependentSchemas(dependent));
        }
    }

    private sealed class Members(IReadOnlyDictionary<string, SchemaNode> properties, (SchemaPattern Pattern, SchemaNode Schema)[] patterns, SchemaNode? additional)
        : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!frame.IsObject)
            {
                return;
            }

            foreach (var member in frame.Instance.EnumerateObject())
            {
                if (frame.Done || !frame.Spend(1))
                {
                    return;
                }

                Check(frame, member.Name, member.Value);
            }
        }

        private void Check(Frame frame, string name, JsonElement value)
        {
            var place = frame.Path.Child(name);
            var named = properties.TryGetValue(name, out var schema);
            if (named)
            {
                frame.Below(schema!, value, place);
            }

            foreach (var (pattern, patterned) in patterns)
            {
                if (pattern.IsMatch(name, frame))
                {
                    named = true;
                    frame.Below(patterned, value, place);
                }
            }

            if (!named && additional is { Constant: false })
            {
                var known = properties.Count == 0 ? "no property is known here" : "known are " + Describe.Names(properties.Keys);
                frame.Fail("additionalProperties", $"has the property {Describe.Name(name)}, which is not allowed; {known}");
            }
            else if (!named && additional is not null)
            {
                frame.Below(additional, value, place);
            }

            if (named || additional is not null)
            {
                frame.Seen?.Name(name);
            }
        }
    }

    private sealed class PropertyNames(SchemaNode schema) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!frame.IsObject)
            {
                return;
            }

            foreach (var member in frame.Instance.EnumerateObject())
            {
                var name = JsonSerializer.SerializeToElement(member.Name);
                if (frame.Done || !frame.Spend(1 + (member.Name.Length / 8)))
                {
                    return;
                }

                if (!frame.TestBelow(schema, name, frame.Path) && !frame.Run.Stopped)
                {
                    frame.Fail("propertyNames", $"has the property {Describe.Name(member.Name)}, whose name is not allowed");
                }
            }
        }
    }

    private sealed class DependentSchemas(IReadOnlyDictionary<string, SchemaNode> schemas) : Keyword
    {
        public override void Apply(Frame frame)
        {
            foreach (var (name, schema) in schemas)
            {
                if (!frame.IsObject || frame.Done || !frame.Spend(1 + (frame.Instance.GetPropertyCount() / 8)))
                {
                    return;
                }

                if (frame.Instance.TryGetProperty(name, out _))
                {
                    frame.Here(schema);
                }
            }
        }
    }
}
