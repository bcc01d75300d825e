namespace Actors.Grains.Schemas;

/// <summary>References; what names places was read before.</summary>
internal static class CoreVocabulary
{
    public static void Read(KeywordReader reader)
    {
        reader.SchemaMap("$defs");
        reader.Text("$comment");
        if (reader.Has("$ref"))
        {
            reader.Add(new Reference(reader));
        }

        if (reader.Has("$dynamicRef"))
        {
            reader.Add(new DynamicReference(reader));
        }
    }

    private sealed class Reference : Keyword
    {
        private SchemaNode? _target;

        public Reference(KeywordReader reader) => reader.Refer("$ref", (target, _) => _target = target);

        public override void Apply(Frame frame) => frame.Here(_target!);
    }

    private sealed class DynamicReference : Keyword
    {
        private SchemaNode? _target;
        private string? _anchor;

        public DynamicReference(KeywordReader reader) => reader.Refer("$dynamicRef", (target, fragment) =>
        {
            _target = target;
            _anchor = target.Resource.DynamicAnchors.GetValueOrDefault(fragment) == target ? fragment : null;
        });

        public override void Apply(Frame frame)
        {
            // The outermost resource on the way here that has the anchor wins.
            var target = _target!;
            for (var i = 0; _anchor is not null && i < frame.Run.Scope.Count; i++)
            {
                if (frame.Run.Scope[i].DynamicAnchors.TryGetValue(_anchor, out var outer))
                {
                    target = outer;
                    break;
                }
            }

            if (frame.Spend(frame.Run.Scope.Count))
            {
                frame.Here(target);
            }
        }
    }
}
