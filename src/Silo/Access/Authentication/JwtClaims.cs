using System.Collections.Frozen;
using System.Text.Json;
using Actors.Silo.Configuration;

namespace Actors.Silo.Access.Authentication;

/// <summary>Who a JWT's claims say it is. Only for claims whose signature holds.</summary>
internal static class JwtClaims
{
    /// <summary>Most groups, and most scopes.</summary>
    public const int MostValues = 500;

    /// <summary>Most characters of one.</summary>
    public const int LongestValue = 256;

    private const string OtherScopesClaim = "scp";

    /// <summary>Null when a claim cannot be used; nothing is left out in silence.</summary>
    public static Caller? Read(JsonElement claims, OAuthSettings oauth)
    {
        var subject = Text(claims, "sub");
        var groups = Values(claims, oauth.GroupsClaim, words: false);
        var scopes = Values(claims, claims.TryGetProperty(oauth.ScopesClaim, out _) ? oauth.ScopesClaim : OtherScopesClaim, words: true);
        return subject is null || groups is null || scopes is null ? null : new Caller($"{oauth.Issuer}|{subject}", groups, scopes);
    }

    private static string? Text(JsonElement claims, string name) =>
        claims.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { } text && IsUsable(text) ? text : null;

    private static FrozenSet<string>? Values(JsonElement claims, string name, bool words)
    {
        if (!claims.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return FrozenSet<string>.Empty;
        }

        List<JsonElement> items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Take(MostValues + 1)] : [value];
        if (items.Exists(i => i.ValueKind != JsonValueKind.String))
        {
            return null;
        }

        var texts = items.Select(i => i.GetString()!).SelectMany(t => words ? t.Split(' ', StringSplitOptions.RemoveEmptyEntries) : [t]).ToList();
        return texts.Count <= MostValues && texts.TrueForAll(IsUsable) ? texts.ToFrozenSet(StringComparer.Ordinal) : null;
    }

    private static bool IsUsable(string text) => text.Length is >= 1 and <= LongestValue && !text.Any(char.IsControl);
}
