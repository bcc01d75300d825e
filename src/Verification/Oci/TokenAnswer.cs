using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>What a token service gave.</summary>
/// <param name="Value">Secret.</param>
/// <param name="Lifetime">From the time of the request, with a margin taken off.</param>
internal sealed record TokenAnswer(string Value, TimeSpan Lifetime)
{
    private const int MaxChars = 32 * 1024;
    private const int DefaultSeconds = 60;
    private const int MaxSeconds = 3600;
    private const int MarginSeconds = 5;

    /// <summary>Reads <c>token</c> or <c>access_token</c>, and <c>expires_in</c>.</summary>
    /// <exception cref="RegistryException">No token that can stand in a header.</exception>
    public static TokenAnswer Read(string what, UncheckedBytes body)
    {
        JsonElement root;
        try
        {
            root = body.AsHints(what);
        }
        catch (RegistryException e)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} came in an answer that is no JSON object. Mend the token service.", e);
        }

        var token = OciDescriptor.ReadString(root, "token") ?? OciDescriptor.ReadString(root, "access_token");
        RequireTokenText(what, token);
        var seconds = root.TryGetProperty("expires_in", out var expires) && expires.ValueKind == JsonValueKind.Number && expires.TryGetInt32(out var given) ? given : DefaultSeconds;
        return new TokenAnswer(token!, TimeSpan.FromSeconds(Math.Clamp(seconds - MarginSeconds, 0, MaxSeconds)));
    }

    /// <summary>Says nothing, so that no log can.</summary>
    public override string ToString() => nameof(TokenAnswer);

    private static void RequireTokenText(string what, string? token)
    {
        if (token is not { Length: > 0 and <= MaxChars } || token.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} is missing from the answer, too long, or not plain text. Mend the token service.");
        }
    }
}
