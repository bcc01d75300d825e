namespace Actors.Grains.Schemas;

/// <summary>Bounds of compiling and validating.</summary>
public static class SchemaLimits
{
    /// <summary>Most violations of one validation.</summary>
    public const int Violations = 32;

    /// <summary>Deepest nesting of a schema document or an instance.</summary>
    public const int Depth = 64;

    /// <summary>Most subschemas on the way to one value: reference chains end here.</summary>
    public const int Frames = 512;

    /// <summary>Most subschemas of one compiled schema, documents it refers to included.</summary>
    public const int Nodes = 20_000;

    /// <summary>Steps of one validation; a step is about one keyword on one value.</summary>
    public const long Work = 1_000_000;

    /// <summary>Most patterns of one compiled schema.</summary>
    public const int Patterns = 1000;

    /// <summary>Longest <c>pattern</c>, in UTF-16 units.</summary>
    public const int PatternLength = 1024;

    /// <summary>Most faults that <see cref="SchemaException"/> lists.</summary>
    public const int Faults = 32;

    /// <summary>Time of all backtracking patterns (look-around, back references) of one validation together.</summary>
    public static readonly TimeSpan BacktrackingTime = TimeSpan.FromSeconds(1);
}
