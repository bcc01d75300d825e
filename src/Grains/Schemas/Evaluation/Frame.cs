using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>One subschema on one value.</summary>
internal sealed class Frame(Evaluation run, SchemaNode node, JsonElement instance, InstancePath path, ViolationSink? sink, EvaluatedSet? seen, int depth)
{
    public Evaluation Run { get; } = run;

    public SchemaNode Node { get; } = node;

    public JsonElement Instance { get; } = instance;

    public InstancePath Path { get; } = path;

    /// <summary>Null when only the yes or no counts.</summary>
    public ViolationSink? Sink { get; } = sink;

    /// <summary>Null when nothing needs it.</summary>
    public EvaluatedSet? Seen { get; } = seen;

    public bool Valid { get; private set; } = true;

    /// <summary>True when going on can't change what is reported.</summary>
    public bool Done => Run.Stopped || (!Valid && (Sink is null || Sink.Full));

    public bool IsObject => Instance.ValueKind == JsonValueKind.Object;

    public bool IsArray => Instance.ValueKind == JsonValueKind.Array;

    public void Fail(string keyword, string message)
    {
        Valid = false;
        Sink?.Add(new SchemaViolation(Path.ToString(), $"{Node.Location}/{keyword}", keyword, message));
    }

    /// <summary>Applies <paramref name="schema"/> to the same value; its violations are this frame's.</summary>
    public void Here(SchemaNode schema) => Valid &= Run.Evaluate(schema, Instance, Path, Sink, Seen, depth + 1);

    /// <summary>Applies <paramref name="schema"/> to the same value and only tells whether it fits; violations go to <paramref name="other"/>.</summary>
    public bool Test(SchemaNode schema, ViolationSink? other = null, bool keep = true) => Run.Evaluate(schema, Instance, Path, other, keep ? Seen : null, depth + 1);

    /// <summary>Applies <paramref name="schema"/> to a member or item; its violations are this frame's.</summary>
    public void Below(SchemaNode schema, JsonElement value, InstancePath place) => Valid &= Run.Evaluate(schema, value, place, Sink, null, depth + 1);

    /// <summary>Tells whether a member, item or name fits.</summary>
    public bool TestBelow(SchemaNode schema, JsonElement value, InstancePath place) => Run.Evaluate(schema, value, place, null, null, depth + 1);

    public bool Spend(long steps) => Run.Spend(steps, Node, Path);
}
