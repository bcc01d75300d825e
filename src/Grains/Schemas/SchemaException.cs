namespace Actors.Grains.Schemas;

/// <summary>One reason why a schema can't be compiled.</summary>
/// <param name="Location">URI and JSON Pointer in the schema.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
public sealed record SchemaFault(string Location, string Message)
{
    /// <summary>Location and message.</summary>
    public override string ToString() => $"{Location}: {Message}";
}

/// <summary>A schema that can't be compiled, with every fault.</summary>
public sealed class SchemaException(IReadOnlyList<SchemaFault> faults)
    : Exception("The JSON Schema is not valid. " + string.Join(" ", (faults ?? []).Select(f => f.ToString())))
{
    /// <summary>In order of discovery; at most <see cref="SchemaLimits.Faults"/>.</summary>
    public IReadOnlyList<SchemaFault> Faults { get; } = faults ?? [];
}
