using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Actors.Grains.Interfaces;

/// <summary>Identity of a run: <c>run-</c> and 26 characters of lower-case base32 (48 bits of time, 80 random bits), sortable by creation.</summary>
public readonly record struct RunId
{
    private const string Prefix = "run-";
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private static readonly SearchValues<char> AlphabetSet = SearchValues.Create(Alphabet);
    private const int TimeDigits = 10;
    private const int RandomDigits = 16;

    private RunId(string value) => Value = value;

    /// <summary>The text form.</summary>
    public string Value => field ?? "";

    /// <summary>Makes a new id for a run created at <paramref name="now"/>.</summary>
    public static RunId New(DateTimeOffset now)
    {
        Span<char> text = stackalloc char[TimeDigits + RandomDigits];
        var milliseconds = now.ToUnixTimeMilliseconds();
        for (var i = TimeDigits - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(milliseconds & 31)];
            milliseconds >>= 5;
        }

        Span<byte> random = stackalloc byte[RandomDigits];
        System.Security.Cryptography.RandomNumberGenerator.Fill(random);
        for (var i = 0; i < RandomDigits; i++)
        {
            text[TimeDigits + i] = Alphabet[random[i] & 31];
        }

        return new RunId(Prefix + text.ToString());
    }

    /// <summary>Reads the text form; anything else gives false.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RunId id)
    {
        id = default;
        if (text is null || text.Length != Prefix.Length + TimeDigits + RandomDigits || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        if (text.AsSpan(Prefix.Length).ContainsAnyExcept(AlphabetSet))
        {
            return false;
        }

        id = new RunId(text);
        return true;
    }

    /// <inheritdoc />
    public override string ToString() => Value;
}
