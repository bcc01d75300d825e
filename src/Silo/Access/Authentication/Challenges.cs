using Actors.Silo.Configuration;

namespace Actors.Silo.Access.Authentication;

/// <summary>Refusals that tell a client how to get in (RFC 6750, RFC 9728).</summary>
internal sealed class Challenges(OAuthSettings? oauth = null)
{
    /// <summary>No token was sent. Says where to get one and nothing of an error, as the standard wants.</summary>
    public Refusal NoToken() => new(StatusCodes.Status401Unauthorized, "unauthorized", "Send a token: Authorization: Bearer TOKEN.") { Challenge = Of([.. Hints()]) };

    /// <summary>What was sent is no token, or not one for this silo.</summary>
    public Refusal Invalid(string message) => new(StatusCodes.Status401Unauthorized, "invalid_token", message)
    {
        Challenge = Of([("error", "invalid_token"), ("error_description", message), .. Hints()]),
    };

    /// <summary>The token lacks a scope that every request needs.</summary>
    public Refusal LacksScope(IEnumerable<string> missing)
    {
        var message = $"The token lacks: {string.Join(' ', missing)}.";
        return new(StatusCodes.Status403Forbidden, "insufficient_scope", message)
        {
            Challenge = Of([("error", "insufficient_scope"), ("error_description", message), .. Hints()]),
        };
    }

    private IEnumerable<(string Name, string Value)> Hints()
    {
        if (oauth is null)
        {
            return [("realm", "actors")];
        }

        var metadata = new Uri(oauth.Resource, OpenPaths.ProtectedResource + oauth.Resource.AbsolutePath.TrimEnd('/'));
        return [("resource_metadata", metadata.AbsoluteUri), .. oauth.Scopes.Count == 0 ? [] : new[] { ("scope", string.Join(' ', oauth.Scopes)) }];
    }

    private static string Of(IReadOnlyList<(string Name, string Value)> parts) => "Bearer " + string.Join(", ", parts.Select(p => $"{p.Name}=\"{p.Value}\""));
}
