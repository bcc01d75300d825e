using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>What a session id says.</summary>
/// <param name="Nonce">Names the session among all.</param>
/// <param name="ExpiresAt">From then on the id is not taken.</param>
/// <param name="Client">What the client said when it initialized.</param>
internal sealed record SessionClaim(string Nonce, DateTimeOffset ExpiresAt, InitializeRequestParams Client);

/// <summary>Session ids that hold what a silo needs to make the session anew: <c>PAYLOAD.SIGNATURE</c>, both base64url. Nobody but their subject can use them, and not for ever.</summary>
internal sealed class SessionIds(SessionKey key, TimeSpan lifetime, TimeProvider time)
{
    /// <summary>Longest id that is looked at.</summary>
    public const int LongestId = 6 * 1024;

    private const int LongestName = 64;
    private const int LargestCapabilities = 2 * 1024;

    /// <summary>Silos' clocks may differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private static readonly JsonSerializerOptions Serializer = new(McpJsonUtilities.DefaultOptions)
    {
        TypeInfoResolver = JsonTypeInfoResolver.Combine(McpJsonUtilities.DefaultOptions.TypeInfoResolver, new DefaultJsonTypeInfoResolver()),
    };

    /// <summary>Makes an id for a client that initializes, or null when it says more about itself than an id can hold.</summary>
    public string? Create(InitializeRequestParams client, string subject)
    {
        var content = new Content(time.GetUtcNow().ToUnixTimeSeconds(), Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16)), Shorten(client));
        if (JsonSerializer.SerializeToUtf8Bytes(content.Client.Capabilities, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ClientCapabilities))).Length > LargestCapabilities)
        {
            return null;
        }

        var payload = JsonSerializer.SerializeToUtf8Bytes(content, Serializer);
        return Write(payload, key.Sign(payload, subject));
    }

    /// <summary>What an id says; null for one that is malformed, forged, another's or too old.</summary>
    public SessionClaim? Read(string id, string subject)
    {
        if (id.Length > LongestId || id.IndexOf('.', StringComparison.Ordinal) is not (> 0 and var dot))
        {
            return null;
        }

        try
        {
            var payload = Base64Url.DecodeFromChars(id.AsSpan(0, dot));
            var signature = Base64Url.DecodeFromChars(id.AsSpan(dot + 1));
            if (!key.Verify(payload, subject, signature) || JsonSerializer.Deserialize<Content>(payload, Serializer) is not { } content)
            {
                return null;
            }

            // One text per id: an ended session has no other name.
            var age = time.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(content.At);
            return age < lifetime && age > -Skew && Write(payload, signature) == id
                ? new SessionClaim(content.Nonce, DateTimeOffset.FromUnixTimeSeconds(content.At) + lifetime, content.Client)
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    private static string Write(byte[] payload, byte[] signature) => $"{Base64Url.EncodeToString(payload)}.{Base64Url.EncodeToString(signature)}";

    private static InitializeRequestParams Shorten(InitializeRequestParams client) => new()
    {
        ProtocolVersion = Cut(client.ProtocolVersion),
        ClientInfo = new Implementation { Name = Cut(client.ClientInfo.Name), Version = Cut(client.ClientInfo.Version) },
        Capabilities = client.Capabilities,
    };

    private static string Cut(string? text) => text is null ? "" : text.Length <= LongestName ? text : text[..LongestName];

    /// <param name="At">Seconds since 1970 when it was made.</param>
    /// <param name="Nonce">Tells two sessions of one client apart.</param>
    /// <param name="Client">What the client said.</param>
    private sealed record Content([property: JsonPropertyName("at")] long At, [property: JsonPropertyName("n")] string Nonce, [property: JsonPropertyName("c")] InitializeRequestParams Client);
}
