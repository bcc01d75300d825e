namespace Actors.Access.Rules;

/// <summary>A name, or the start of one followed by <c>*</c>. Nothing in between: what it covers can be seen.</summary>
internal sealed record NamePattern
{
    /// <summary>Most characters.</summary>
    public const int Longest = 512;

    private readonly string _start;
    private readonly bool _open;

    private NamePattern(string text)
    {
        Text = text;
        _open = text.EndsWith('*');
        _start = _open ? text[..^1] : text;
    }

    /// <summary>As written.</summary>
    public string Text { get; }

    /// <summary>True when it covers every name.</summary>
    public bool IsEverything => _open && _start.Length == 0;

    /// <summary>Null for text that is no pattern.</summary>
    public static NamePattern? Parse(string text) =>
        text.Length is 0 or > Longest || text[..^1].Contains('*', StringComparison.Ordinal) || text.Any(char.IsControl) ? null : new NamePattern(text);

    /// <summary>True when it covers the name; case matters.</summary>
    public bool Covers(string name) => _open ? name.StartsWith(_start, StringComparison.Ordinal) : name == _start;
}
