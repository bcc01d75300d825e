using System.Globalization;
using System.Text;

namespace Actors.Grains.Schemas;

/// <summary>Rewrites an ECMA-262 regular expression (Unicode mode) for .NET; what has no counterpart is refused, never guessed.</summary>
internal sealed class EcmaPattern
{
    private const string AnyCharacter = @"(?:[\uD800-\uDBFF][\uDC00-\uDFFF]|[^\n\r\u2028\u2029])";
    private readonly string _pattern;
    private readonly StringBuilder _out = new();
    private int _at;

    private EcmaPattern(string pattern) => _pattern = pattern;

    /// <summary>Null with a problem when it can't be rewritten.</summary>
    public static string? Translate(string pattern, out string? problem)
    {
        try
        {
            problem = null;
            return new EcmaPattern(pattern).Run();
        }
        catch (FormatException e)
        {
            problem = e.Message;
            return null;
        }
    }

    private string Run()
    {
        while (_at < _pattern.Length)
        {
            var c = _pattern[_at];
            switch (c)
            {
                case '\\':
                    _out.Append(Escape(inClass: false));
                    break;
                case '[':
                    Class();
                    break;
                case '(':
                    Group();
                    break;
                case '.':
                    _out.Append(AnyCharacter);
                    _at++;
                    break;
                case '$':
                    _out.Append(@"\z");
                    _at++;
                    break;
                default:
                    Literal(c);
                    break;
            }
        }

        return _out.ToString();
    }

    private void Literal(char c)
    {
        // A pair is one character, so a quantifier must hold both halves.
        if (char.IsHighSurrogate(c) && _at + 1 < _pattern.Length && char.IsLowSurrogate(_pattern[_at + 1]))
        {
            _out.Append("(?:").Append(_pattern, _at, 2).Append(')');
            _at += 2;
            return;
        }

        _out.Append(c);
        _at++;
    }

    private void Group()
    {
        _out.Append('(');
        _at++;
        if (_at >= _pattern.Length || _pattern[_at] != '?')
        {
            return;
        }

        var rest = _pattern.AsSpan(_at);
        var known = rest.StartsWith("?:") || rest.StartsWith("?=") || rest.StartsWith("?!") || rest.StartsWith("?<=") || rest.StartsWith("?<!")
            || (rest.StartsWith("?<") && rest.Length > 2 && (char.IsLetter(rest[2]) || rest[2] is '_'));
        if (!known)
        {
            throw Problem("a group of this kind does not exist");
        }
    }

    private void Class()
    {
        _at++;
        var negated = Take('^');
        if (Take(']'))
        {
            _out.Append(negated ? @"[\u0000-\uFFFF]" : @"[^\u0000-\uFFFF]");
            return;
        }

        _out.Append(negated ? "[^" : "[");
        while (!Take(']'))
        {
            if (_at >= _pattern.Length)
            {
                throw Problem("a ']' is missing");
            }

            var c = _pattern[_at];
            if (char.IsSurrogate(c))
            {
                throw Problem("characters beyond U+FFFF are not supported in a class; write alternatives with '|'");
            }

            _out.Append(c switch { '\\' => Escape(inClass: true), '[' => @"\[", _ => c.ToString() });
            _at += c == '\\' ? 0 : 1;
        }

        _out.Append(']');
    }

    private string Escape(bool inClass)
    {
        if (++_at >= _pattern.Length)
        {
            throw Problem("it ends with a backslash");
        }

        var c = _pattern[_at++];
        return c switch
        {
            'd' or 'D' or 'w' or 'W' or 's' or 'S' => EcmaClasses.Shorthand(c, inClass),
            'p' or 'P' => Property(c),
            'u' => CodeUnits(inClass),
            'x' => Unit(Hex(2)),
            'c' when _at < _pattern.Length && char.IsAsciiLetter(_pattern[_at]) => Unit(_pattern[_at++] % 32),
            '0' when _at >= _pattern.Length || !char.IsAsciiDigit(_pattern[_at]) => Unit(0),
            'b' when inClass => Unit(8),
            't' or 'n' or 'v' or 'f' or 'r' => "\\" + c,
            'b' or 'B' or 'k' when !inClass => "\\" + c,
            >= '1' and <= '9' when !inClass => Reference(c),
            '-' when inClass => @"\-",
            _ when !char.IsLetterOrDigit(c) && !char.IsSurrogate(c) => Unit(c),
            _ => throw Problem($"the escape \\{c} does not exist"),
        };
    }

    private string Reference(char first)
    {
        var start = _at - 1;
        while (_at < _pattern.Length && char.IsAsciiDigit(_pattern[_at]))
        {
            _at++;
        }

        return _at - start > 2 ? throw Problem("the back reference is too large") : $"(?:\\{first}{_pattern[(start + 1).._at]})";
    }

    private string Property(char c)
    {
        var end = _pattern.IndexOf('}', _at);
        if (!Take('{') || end < 0)
        {
            throw Problem($"\\{c} needs a name in braces");
        }

        var name = _pattern[_at..end];
        _at = end + 1;
        return EcmaClasses.Category(name) is { } category ? $"\\{c}{{{category}}}" : throw Problem($"the Unicode property {Describe.Name(name)} is not supported");
    }

    private string CodeUnits(bool inClass)
    {
        if (!Take('{'))
        {
            return Unit(Hex(4));
        }

        var end = _pattern.IndexOf('}', _at);
        if (end < 0 || !int.TryParse(_pattern.AsSpan(_at, end - _at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) || code is < 0 or > 0x10FFFF)
        {
            throw Problem("\\u{…} needs a code point up to 10FFFF");
        }

        _at = end + 1;
        if (code <= 0xFFFF)
        {
            return Unit(code);
        }

        var pair = char.ConvertFromUtf32(code);
        return inClass
            ? throw Problem("characters beyond U+FFFF are not supported in a class; write alternatives with '|'")
            : $"(?:{Unit(pair[0])}{Unit(pair[1])})";
    }

    private int Hex(int digits)
    {
        if (_at + digits > _pattern.Length
            || !int.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw Problem($"{digits} hex digits are missing");
        }

        _at += digits;
        return value;
    }

    private bool Take(char c)
    {
        var there = _at < _pattern.Length && _pattern[_at] == c;
        _at += there ? 1 : 0;
        return there;
    }

    private static string Unit(int code) => "\\u" + code.ToString("X4", CultureInfo.InvariantCulture);

    private FormatException Problem(string message) => new($"{message} (near character {_at + 1})");
}
