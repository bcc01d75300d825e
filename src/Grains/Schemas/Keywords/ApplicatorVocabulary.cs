namespace Actors.Grains.Schemas;

/// <summary>Keywords that apply subschemas.</summary>
internal static class ApplicatorVocabulary
{
    private const int LongestHint = 400;

    public static void Read(KeywordReader reader)
    {
        ObjectApplicators.Read(reader);
        ArrayApplicators.Read(reader);
        if (reader.SchemaList("allOf") is { } all)
        {
            reader.Add(new AllOf(all));
        }

        if (reader.SchemaList("anyOf") is { } any)
        {
            reader.Add(new AnyOf(any));
        }

        if (reader.SchemaList("oneOf") is { } one)
        {
            reader.Add(new OneOf(one));
        }

        if (reader.Schema("not") is { } not)
        {
            reader.Add(new Not(not));
        }

        var (then, otherwise) = (reader.Schema("then"), reader.Schema("else"));
        if (reader.Schema("if") is { } condition)
        {
            reader.Add(new If(condition, then, otherwise));
        }
    }

    /// <summary>Fails with the violations of the alternative that came closest: the one whose first violation lies deepest.</summary>
    private static void FailClosest(Frame frame, string keyword, IReadOnlyList<IReadOnlyList<SchemaViolation>> attempts)
    {
        var closest = attempts.Where(a => a.Count > 0).MaxBy(a => (a[0].InstancePointer.Count(c => c == '/'), -a.Count));
        var hint = closest is null ? "" : $"; the closest one says: {closest[0]}";

        // Alternatives inside alternatives would pile up their hints.
        hint = hint.Length <= LongestHint ? hint : hint[..LongestHint] + "…";
        frame.Fail(keyword, $"fits none of the {Describe.Count(attempts.Count, "alternative")}{hint}");
    }

    private static ViolationSink? Probe(Frame frame) => frame.Sink is null ? null : new ViolationSink(2);

    private sealed class AllOf(IReadOnlyList<SchemaNode> schemas) : Keyword
    {
        public override void Apply(Frame frame)
        {
            foreach (var schema in schemas)
            {
                if (frame.Done)
                {
                    return;
                }

                frame.Here(schema);
            }
        }
    }

    private sealed class AnyOf(IReadOnlyList<SchemaNode> schemas) : Keyword
    {
        public override void Apply(Frame frame)
        {
            var attempts = new List<IReadOnlyList<SchemaViolation>>();
            var matched = false;
            foreach (var schema in schemas)
            {
                var probe = Probe(frame);
                matched |= frame.Test(schema, probe);
                attempts.Add(probe?.Violations ?? []);

                // The others only count for what they evaluate.
                if (frame.Run.Stopped || (matched && frame.Seen is null))
                {
                    return;
                }
            }

            if (!matched)
            {
                FailClosest(frame, "anyOf", attempts);
            }
        }
    }

    private sealed class OneOf(IReadOnlyList<SchemaNode> schemas) : Keyword
    {
        public override void Apply(Frame frame)
        {
            var attempts = new List<IReadOnlyList<SchemaViolation>>();
            var matches = new List<int>();
            for (var i = 0; i < schemas.Count && matches.Count < 2 && !frame.Run.Stopped; i++)
            {
                var probe = Probe(frame);
                if (frame.Test(schemas[i], probe))
                {
                    matches.Add(i);
                }

                attempts.Add(probe?.Violations ?? []);
            }

            if (matches.Count == 0)
            {
                FailClosest(frame, "oneOf", attempts);
            }
            else if (matches.Count > 1)
            {
                frame.Fail("oneOf", $"fits both alternative {matches[0] + 1} and alternative {matches[1] + 1}, where exactly one may fit");
            }
        }
    }

    private sealed class Not(SchemaNode schema) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if (frame.Test(schema, keep: false))
            {
                frame.Fail("not", $"{Describe.Value(frame.Instance)} fits what is excluded here");
            }
        }
    }

    private sealed class If(SchemaNode condition, SchemaNode? then, SchemaNode? otherwise) : Keyword
    {
        public override void Apply(Frame frame)
        {
            if ((frame.Test(condition) ? then : otherwise) is { } next)
            {
                frame.Here(next);
            }
        }
    }
}
