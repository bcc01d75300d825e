using System.Text;
using System.Text.Json;
using Actors.Silo.Configuration;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Actors.Silo.Access.Authentication;

/// <summary>Callers by JWT access tokens of one issuer, for this silo alone.</summary>
internal sealed class JwtCallers(OAuthSettings oauth, IssuerKeys keys, Challenges challenges, TimeProvider time)
{
    private const int RetrySeconds = 10;
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };

    /// <summary>The token's caller, or why there is none.</summary>
    public async Task<(Caller? Caller, Refusal? Refusal)> IdentifyAsync(string token, CancellationToken cancellationToken)
    {
        if (Read(token) is not { } jwt)
        {
            return (null, challenges.Invalid("The token is not known here, and no JWT of the issuer with an accepted algorithm."));
        }

        try
        {
            var candidates = await keys.GetAsync(jwt.Kid, cancellationToken);
            if (candidates.Count == 0)
            {
                return (null, challenges.Invalid("The token is signed by a key that the issuer does not have."));
            }

            var result = await _handler.ValidateTokenAsync(jwt, Parameters(candidates));
            return result.IsValid ? Admit(jwt) : (null, challenges.Invalid(Explain(result.Exception)));
        }
        catch (IssuerUnavailableException)
        {
            return (null, new Refusal(StatusCodes.Status503ServiceUnavailable, "temporarily_unavailable", "The keys of the issuer cannot be read now, so the token cannot be checked. Try again.") { RetryAfterSeconds = RetrySeconds });
        }
    }

    // What can be told without a key is told first, so that rubbish never makes this silo ask the issuer.
    private JsonWebToken? Read(string token)
    {
        try
        {
            return token.Count(c => c == '.') == 2 && _handler.CanReadToken(token) && _handler.ReadJsonWebToken(token) is { } jwt
                && oauth.Algorithms.Contains(jwt.Alg, StringComparer.Ordinal)
                && jwt.Issuer == oauth.Issuer
                && !jwt.TryGetHeaderValue<object>("crit", out _)
                    ? jwt
                    : null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or SecurityTokenException)
        {
            return null;
        }
    }

    private TokenValidationParameters Parameters(IReadOnlyList<SecurityKey> candidates) => new()
    {
        ValidIssuer = oauth.Issuer,
        ValidAudiences = oauth.Audiences,
        ValidAlgorithms = oauth.Algorithms,
        ValidTypes = ["at+jwt", "application/at+jwt", "JWT", null],
        IssuerSigningKeys = candidates,
        TryAllIssuerSigningKeys = true,
        RequireSignedTokens = true,
        RequireExpirationTime = true,
        RequireAudience = true,
        LifetimeValidator = IsAlive,
        LogValidationExceptions = false,
    };

    private bool IsAlive(DateTime? notBefore, DateTime? expires, SecurityToken token, TokenValidationParameters parameters)
    {
        var now = time.GetUtcNow().UtcDateTime;
        return expires is { } end ? now < end + Skew && (notBefore is not { } start || start - Skew <= now) : throw new SecurityTokenNoExpirationException();
    }

    private (Caller? Caller, Refusal? Refusal) Admit(JsonWebToken jwt)
    {
        var caller = JwtClaims.Read(JsonElement.Parse(Encoding.UTF8.GetString(Base64UrlEncoder.DecodeBytes(jwt.EncodedPayload))), oauth);
        if (caller is null)
        {
            return (null, challenges.Invalid($"The token has no usable sub, or more or longer groups or scopes than {JwtClaims.MostValues} of {JwtClaims.LongestValue} characters."));
        }

        var missing = oauth.Scopes.Where(s => !caller.Scopes.Contains(s)).ToList();
        return missing.Count == 0 ? (caller, null) : (null, challenges.LacksScope(missing));
    }

    private static string Explain(Exception? fault) => fault switch
    {
        SecurityTokenNoExpirationException => "The token has no exp.",
        SecurityTokenInvalidLifetimeException => "The token has expired, or is not valid yet.",
        SecurityTokenInvalidAudienceException => "The token is for another audience.",
        SecurityTokenInvalidIssuerException => "The token is of another issuer.",
        SecurityTokenInvalidTypeException => "The token is of another type than an access token.",
        SecurityTokenInvalidSignatureException or SecurityTokenSignatureKeyNotFoundException => "The signature does not fit.",
        _ => "The token does not hold.",
    };
}
