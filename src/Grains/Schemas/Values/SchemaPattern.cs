using System.Text.RegularExpressions;

namespace Actors.Grains.Schemas;

/// <summary>A compiled <c>pattern</c>: in linear time where the pattern allows it, else with backtracking under a bound.</summary>
internal sealed class SchemaPattern
{
    private static readonly TimeSpan MatchTime = TimeSpan.FromMilliseconds(500);
    private readonly Regex _regex;
    private readonly bool _linear;

    private SchemaPattern(string source, Regex regex, bool linear)
    {
        Source = source;
        _regex = regex;
        _linear = linear;
    }

    /// <summary>As written in the schema.</summary>
    public string Source { get; }

    public static SchemaPattern? TryCompile(string pattern, out string? problem)
    {
        if (pattern.Length > SchemaLimits.PatternLength)
        {
            problem = $"it is longer than {SchemaLimits.PatternLength} characters";
            return null;
        }

        if (EcmaPattern.Translate(pattern, out problem) is not { } translated)
        {
            return null;
        }

        try
        {
            return TryCreate(pattern, translated, RegexOptions.NonBacktracking) ?? TryCreate(pattern, translated, RegexOptions.None);
        }
        catch (ArgumentException e)
        {
            problem = e is RegexParseException parse ? $"{parse.Error} near character {parse.Offset}" : "it is no regular expression";
            return null;
        }
    }

    /// <summary>True when some part of <paramref name="text"/> matches; false too when a bound stopped the evaluation.</summary>
    public bool IsMatch(string text, Frame frame)
    {
        if (!frame.Spend(1 + (text.Length / 8)))
        {
            return false;
        }

        var started = TimeProvider.System.GetTimestamp();
        try
        {
            var matched = _regex.IsMatch(text);
            return (_linear || frame.Run.SpendBacktracking(TimeProvider.System.GetElapsedTime(started), frame.Node, frame.Path)) && matched;
        }
        catch (RegexMatchTimeoutException)
        {
            return frame.Run.SpendBacktracking(SchemaLimits.BacktrackingTime, frame.Node, frame.Path);
        }
    }

    private static SchemaPattern? TryCreate(string source, string translated, RegexOptions options)
    {
        try
        {
            return new SchemaPattern(source, new Regex(translated, options | RegexOptions.CultureInvariant, MatchTime), options.HasFlag(RegexOptions.NonBacktracking));
        }
        catch (NotSupportedException)
        {
            return null;
        }
    }
}
