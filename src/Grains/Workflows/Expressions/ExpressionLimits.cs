namespace Actors.Grains.Workflows.Expressions;

/// <summary>Bounds of expressions.</summary>
public static class ExpressionLimits
{
    /// <summary>Longest text between <c>${{</c> and <c>}}</c>, in UTF-16 units.</summary>
    public const int Length = 1024;

    /// <summary>Most names and indexes in a path.</summary>
    public const int Segments = 64;

    /// <summary>Most bytes of JSON that one template may evaluate to.</summary>
    public const int ResultBytes = 1024 * 1024;

    /// <summary>Deepest nesting of a result.</summary>
    public const int Depth = 48;
}
