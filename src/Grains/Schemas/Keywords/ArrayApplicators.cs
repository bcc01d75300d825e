namespace Actors.Grains.Schemas;

/// <summary>Subschemas for items of arrays.</summary>
internal static class ArrayApplicators
{
    public static void Read(KeywordReader reader)
    {
        var prefix = reader.SchemaList("prefixItems");
        var items = reader.Schema("items");
        if (prefix is not null || items is not null)
        {
            reader.Add(new Items(prefix ?? [], items));
        }

        if (reader.Schema("contains") is { } contains)
        {
            // The counts belong to the validation vocabulary.
            var counted = reader.Node.Resource.Vocabularies.HasFlag(SchemaVocabularies.Validation);
            reader.Add(new Contains(contains, (counted ? reader.Count("minContains") : null) ?? 1, (counted ? reader.Count("maxContains") : null) ?? long.MaxValue));
        }
    }

    private sealed class Items(IReadOnlyList<SchemaNode> prefix, SchemaNode? rest) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!frame.IsArray)
            {
                return;
            }

            var index = 0;
            foreach (var item in frame.Instance.EnumerateArray())
            {
                var schema = index < prefix.Count ? prefix[index] : rest;
                if (schema is null || frame.Done || !frame.Spend(1))
                {
                    break;
                }

                if (schema == rest && schema.Constant == false)
                {
                    frame.Fail("items", $"has {Describe.Count(frame.Instance.GetArrayLength(), "item")}, where at most {prefix.Count} may be");
                    break;
                }

                frame.Below(schema, item, frame.Path.Child(index));
                index++;
            }

            if (rest is not null)
            {
                frame.Seen?.AllItems();
            }
            else
            {
                frame.Seen?.Items(prefix.Count);
            }
        }
    }

    private sealed class Contains(SchemaNode schema, long least, long most) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (!frame.IsArray)
            {
                return;
            }

            var index = 0;
            var matches = 0L;
            foreach (var item in frame.Instance.EnumerateArray())
            {
                if (frame.Run.Stopped)
                {
                    return;
                }

                if (frame.TestBelow(schema, item, frame.Path.Child(index)))
                {
                    matches++;
                    frame.Seen?.Item(index);
                }

                index++;
            }

            if (matches < least)
            {
                frame.Fail(least == 1 ? "contains" : "minContains", $"has {Describe.Count(matches, "matching item")}, where at least {least} must be");
            }
            else if (matches > most)
            {
                frame.Fail("maxContains", $"has {Describe.Count(matches, "matching item")}, where at most {most} may be");
            }
        }
    }
}
