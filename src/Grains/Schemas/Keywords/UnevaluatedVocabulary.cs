namespace Actors.Grains.Schemas;

/// <summary>Keywords for what no other keyword of the schema looked at; read last, so they run last.</summary>
internal static class UnevaluatedVocabulary
{
    public static void Read(KeywordReader reader)
    {
        if (reader.Schema("unevaluatedProperties") is { } properties)
        {
            reader.Add(new UnevaluatedProperties(properties));
        }

        if (reader.Schema("unevaluatedItems") is { } items)
        {
            reader.Add(new UnevaluatedItems(items));
        }
    }

    private sealed class UnevaluatedProperties(SchemaNode schema) : Keyword
    {
        public override bool ReadsEvaluated => true;

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

                if (frame.Seen!.HasName(member.Name))
                {
                    continue;
                }

                if (schema.Constant == false)
                {
                    frame.Fail("unevaluatedProperties", $"has the property {Describe.Name(member.Name)}, which is not allowed");
                }
                else
                {
                    frame.Below(schema, member.Value, frame.Path.Child(member.Name));
                }
            }

            frame.Seen!.AllNames();
        }
    }

    private sealed class UnevaluatedItems(SchemaNode schema) : Keyword
    {
        public override bool ReadsEvaluated => true;

        public override void Apply(Frame frame)
        {
            if (!frame.IsArray)
            {
                return;
            }

            var index = -1;
            foreach (var item in frame.Instance.EnumerateArray())
            {
                index++;
                if (frame.Done || !frame.Spend(1))
                {
                    return;
                }

                if (frame.Seen!.HasItem(index))
                {
                    continue;
                }

                if (schema.Constant == false)
                {
                    frame.Fail("unevaluatedItems", $"has item {index}, which is not allowed");
                }
                else
                {
                    frame.Below(schema, item, frame.Path.Child(index));
                }
            }

            frame.Seen!.AllItems();
        }
    }
}
