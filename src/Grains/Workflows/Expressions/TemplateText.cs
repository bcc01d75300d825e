using System.Text;

namespace Actors.Grains.Workflows.Expressions;

/// <summary>A string of a template: literal parts and expressions. <c>$${{</c> stands for a literal <c>${{</c>.</summary>
/// <param name="Parts">Each has either a literal or a path.</param>
internal sealed record TemplateText(IReadOnlyList<(string? Literal, PathExpression? Path)> Parts)
{
    private const string Open = "${{";
    private const string Escaped = "$${{";

    /// <summary>Set when the whole string is one expression, whose value keeps its type.</summary>
    public PathExpression? Single => Parts is [(_, { } path)] ? path : null;

    public IEnumerable<PathExpression> Paths => Parts.Select(p => p.Path).OfType<PathExpression>();

    /// <exception cref="ExpressionException">An expression does not parse.</exception>
    public static TemplateText Parse(string text)
    {
        var parts = new List<(string?, PathExpression?)>();
        var literal = new StringBuilder();
        var at = 0;
        while (at < text.Length)
        {
            var next = text.IndexOf(Open, at, StringComparison.Ordinal);
            if (next < 0)
            {
                literal.Append(text, at, text.Length - at);
                break;
            }

            if (next > at && string.CompareOrdinal(text, next - 1, Escaped, 0, Escaped.Length) == 0)
            {
                literal.Append(text, at, next - 1 - at).Append(Open);
                at = next + Open.Length;
                continue;
            }

            literal.Append(text, at, next - at);
            Flush();
            var parser = new PathParser(text, next + Open.Length);
            parts.Add((null, parser.Parse()));
            at = parser.End;
        }

        Flush();
        return new TemplateText(parts);

        void Flush()
        {
            if (literal.Length > 0)
            {
                parts.Add((literal.ToString(), null));
                literal.Clear();
            }
        }
    }
}
