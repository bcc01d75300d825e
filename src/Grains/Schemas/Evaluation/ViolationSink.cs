namespace Actors.Grains.Schemas;

/// <summary>Takes violations up to a count.</summary>
internal sealed class ViolationSink(int capacity)
{
    private readonly List<SchemaViolation> _violations = [];

    public IReadOnlyList<SchemaViolation> Violations => _violations;

    public bool Full => _violations.Count >= capacity;

    public void Add(SchemaViolation violation)
    {
        if (!Full)
        {
            _violations.Add(violation);
        }
    }
}
