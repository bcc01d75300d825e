using System.Buffers;

namespace Actors.Grains.Workflows.Loading;

/// <summary>What a string must look like.</summary>
/// <param name="Words">Completes "must be".</param>
/// <param name="Holds">The test.</param>
internal sealed record TextRule(string Words, Func<string, bool> Holds)
{
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> SecretCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-._");
    private static readonly SearchValues<char> VariableCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    /// <summary>Ids of workflows, servers, steps and profiles.</summary>
    public static TextRule Id { get; } = new("1 to 64 characters of a-z, 0-9 and '-', starting with a letter or digit",
        t => t.Length is >= 1 and <= 64 && t[0] != '-' && !t.AsSpan().ContainsAnyExcept(IdCharacters));

    /// <summary>Names of secrets.</summary>
    public static TextRule Secret { get; } = new("a secret's name: 1 to 128 characters of a-z, 0-9, '-', '_' and '.', starting with a letter or digit",
        t => t.Length is >= 1 and <= 128 && char.IsAsciiLetterOrDigit(t[0]) && !t.AsSpan().ContainsAnyExcept(SecretCharacters));

    /// <summary>Names of environment variables.</summary>
    public static TextRule Variable { get; } = new("an environment variable's name: 1 to 128 letters, digits and '_', not starting with a digit",
        t => t.Length is >= 1 and <= 128 && !char.IsAsciiDigit(t[0]) && !t.AsSpan().ContainsAnyExcept(VariableCharacters));

    /// <summary>Image references; the policy gate parses them.</summary>
    public static TextRule Image { get; } = new("an image reference of 1 to 512 printable ASCII characters without spaces",
        t => t.Length is >= 1 and <= 512 && !t.AsSpan().ContainsAnyExceptInRange('!', '~'));

    /// <summary>Values that go to a process; a zero character would end them early.</summary>
    public static TextRule Value { get; } = new("at most 4096 characters without a zero character", t => t.Length <= 4096 && !t.Contains('\0', StringComparison.Ordinal));

    /// <summary>Free text on one line.</summary>
    public static TextRule Line(int most) => new($"1 to {most} characters without control characters", t => t.Length >= 1 && t.Length <= most && !t.Any(char.IsControl));

    /// <summary>Free text on several lines.</summary>
    public static TextRule Prose(int most) =>
        new($"at most {most} characters without control characters", t => t.Length <= most && !t.Any(c => char.IsControl(c) && c is not ('\n' or '\t')));
}
