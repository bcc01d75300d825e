using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Actors.Verification.Sigstore;

/// <summary>An exact text, or a regular expression that must match the whole text.</summary>
internal sealed class IdentityPattern
{
    private const int MaxLength = 2048;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);
    private readonly Regex? _regex;

    private IdentityPattern(string text, Regex? regex)
    {
        Text = text;
        _regex = regex;
    }

    /// <summary>The exact text, or the expression as it was written.</summary>
    public string Text { get; }

    public bool IsRegex => _regex is not null;

    public static IdentityPattern Exact(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        return new IdentityPattern(text, regex: null);
    }

    /// <summary>False when the expression is empty, too long, malformed, or needs backtracking (look-around, back references).</summary>
    public static bool TryRegex(string expression, [NotNullWhen(true)] out IdentityPattern? pattern, [NotNullWhen(false)] out string? fault)
    {
        pattern = null;
        fault = expression is { Length: > 0 and <= MaxLength } ? null : $"has to have 1 to {MaxLength} characters";
        if (fault is not null)
        {
            return false;
        }

        try
        {
            // Parsed alone first: "a)|(b" is malformed but would become valid, and unanchored, inside the group.
            _ = new Regex(expression!, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Timeout);
            pattern = new IdentityPattern(expression!, new Regex($@"\A(?:{expression})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, Timeout));
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            fault = e is NotSupportedException ? "uses look-around or back references, which are not supported" : "is no regular expression";
            return false;
        }
    }

    public bool Matches(string text)
    {
        try
        {
            return _regex is null ? string.Equals(Text, text, StringComparison.Ordinal) : _regex.IsMatch(text);
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => IsRegex ? $"/{Text}/" : Text;
}

/// <summary>Who may have signed: the certificate's one subject alternative name, and the OIDC issuer that vouched for it. Both are always demanded.</summary>
internal sealed record CertificateIdentity(IdentityPattern Subject, IdentityPattern Issuer);
