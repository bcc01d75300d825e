using System.Globalization;

namespace Actors.Grains.Workflows.Expressions;

/// <summary>A parsed path. The first segment is <c>params</c>, <c>steps</c> or <c>run</c>.</summary>
/// <param name="Source">As written, trimmed.</param>
/// <param name="Segments">At least one.</param>
internal sealed record PathExpression(string Source, IReadOnlyList<PathSegment> Segments)
{
    /// <summary>The path up to and without segment <paramref name="count"/>, for messages.</summary>
    public string Prefix(int count) => string.Concat(Segments.Take(count).Select((s, i) => i == 0 ? s.Name : s.ToString()));
}

/// <summary>A property name, or an index when <see cref="Name"/> is null.</summary>
internal readonly record struct PathSegment(string? Name, int Index)
{
    public override string ToString() => Name is null ? string.Create(CultureInfo.InvariantCulture, $"[{Index}]")
        : PathParser.IsIdentifier(Name) ? "." + Name : $"[\"{Schemas.Describe.Shorten(Name)}\"]";
}
