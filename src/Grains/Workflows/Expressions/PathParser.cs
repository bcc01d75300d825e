using System.Globalization;
using System.Text;
using Actors.Grains.Schemas;

namespace Actors.Grains.Workflows.Expressions;

/// <summary>Parses <c>params.a["odd key"][0]</c> inside a longer text, from just behind <c>${{</c> to just behind <c>}}</c>.</summary>
internal sealed class PathParser
{
    private static readonly string[] Roots = ["params", "steps", "run"];
    private readonly List<PathSegment> _segments = [];
    private readonly string _text;
    private readonly int _start;
    private int _at;

    public PathParser(string text, int start)
    {
        _text = text;
        _start = start;
        _at = start;
    }

    /// <summary>Where the text goes on behind the expression.</summary>
    public int End => _at;

    public static bool IsIdentifier(string name) => name.Length > 0 && name.All(IsIdentifierPart);

    /// <exception cref="ExpressionException">It is no path.</exception>
    public PathExpression Parse()
    {
        SkipSpace();
        var root = Identifier();
        if (!Roots.Contains(root))
        {
            throw Problem(root.Length == 0 ? "it is empty or starts with something that is no name; start with params, steps or run"
                : $"it starts with {Describe.Name(root)}; start with params, steps or run");
        }

        Add(new PathSegment(root, 0));
        while (!Closed())
        {
            Add(Segment());
        }

        var expression = new PathExpression(_text[_start.._at].Trim(), _segments);
        _at += 2;
        CheckRoot(expression);
        return expression;
    }

    private bool Closed()
    {
        var spaced = SkipSpace();
        if (_at >= _text.Length)
        {
            throw Problem("it is not closed; end it with }}");
        }

        if (_text.AsSpan(_at).StartsWith("}}"))
        {
            return true;
        }

        return spaced ? throw Problem("only a path is allowed, such as params.name or steps.id.result; operators and functions are not") : false;
    }

    private PathSegment Segment()
    {
        var c = _text[_at++];
        if (c == '.')
        {
            var name = Identifier();
            return name.Length > 0 ? new PathSegment(name, 0) : throw Problem("a name is missing behind '.'; write other names as [\"name\"]");
        }

        if (c != '[')
        {
            throw Problem($"the character at {_at - _start} is not allowed; only a path such as params.name, params[\"odd name\"] or steps.id.result[0] is");
        }

        var segment = _at < _text.Length && _text[_at] is '"' or '\'' ? new PathSegment(Quoted(_text[_at++]), 0) : new PathSegment(null, Index());
        if (_at >= _text.Length || _text[_at++] != ']')
        {
            throw Problem("a ']' is missing");
        }

        return segment;
    }

    private string Quoted(char quote)
    {
        var name = new StringBuilder();
        while (_at < _text.Length && _text[_at] != quote)
        {
            var escaped = _text[_at] == '\\' && _at + 1 < _text.Length && (_text[_at + 1] == '\\' || _text[_at + 1] == quote);
            _at += escaped ? 1 : 0;
            name.Append(_text[_at++]);
            CheckLength();
        }

        return ++_at > _text.Length ? throw Problem("a quote is not closed") : name.ToString();
    }

    private int Index()
    {
        var from = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return int.TryParse(_text.AsSpan(from, _at - from), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? index
            : throw Problem("in brackets stands a whole number or a quoted name");
    }

    private string Identifier()
    {
        var from = _at;
        while (_at < _text.Length && IsIdentifierPart(_text[_at]))
        {
            _at++;
        }

        return _text[from.._at];
    }

    private void CheckRoot(PathExpression expression)
    {
        var (root, second, third) = (_segments[0].Name, _segments.ElementAtOrDefault(1).Name, _segments.ElementAtOrDefault(2).Name);
        if (root == "run" && (_segments.Count != 2 || second != "id"))
        {
            throw new ExpressionException(Describe.Shorten(expression.Source), "a run has only an id; write run.id");
        }

        if (root == "steps" && (_segments.Count < 3 || second is null || third != "result"))
        {
            throw new ExpressionException(Describe.Shorten(expression.Source), "a step has only a result; write steps.ID.result");
        }
    }

    private void Add(PathSegment segment)
    {
        CheckLength();
        _segments.Add(segment);
        if (_segments.Count > ExpressionLimits.Segments)
        {
            throw Problem($"the path has more than {ExpressionLimits.Segments} parts");
        }
    }

    private void CheckLength()
    {
        if (_at - _start > ExpressionLimits.Length)
        {
            throw Problem($"it is longer than {ExpressionLimits.Length} characters");
        }
    }

    private bool SkipSpace()
    {
        var from = _at;
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }

        return _at > from;
    }

    private static bool IsIdentifierPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '$';

    private ExpressionException Problem(string message) =>
        new(Describe.Shorten("${{" + _text[_start..Math.Min(_text.Length, Math.Max(_at, _start))]), message);
}
