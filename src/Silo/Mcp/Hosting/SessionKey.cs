using System.Security.Cryptography;
using System.Text;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Signs session ids. Silos that share the key take each other's.</summary>
internal sealed class SessionKey
{
    private static readonly byte[] Purpose = "actors mcp session id 1"u8.ToArray();
    private readonly byte[] _key;

    /// <param name="secret">What all silos share; null makes a key of this process alone.</param>
    public SessionKey(string? secret) => _key = secret is null
        ? RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes)
        : HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret), HMACSHA256.HashSizeInBytes, info: Purpose);

    /// <summary>The signature of a payload that is of use to one subject only.</summary>
    public byte[] Sign(ReadOnlySpan<byte> payload, string subject)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        hmac.AppendData(payload);
        // A subject holds no NUL, so that no other pair of payload and subject gives the same bytes.
        hmac.AppendData([0]);
        hmac.AppendData(Encoding.UTF8.GetBytes(subject));
        return hmac.GetHashAndReset();
    }

    public bool Verify(ReadOnlySpan<byte> payload, string subject, ReadOnlySpan<byte> signature) => CryptographicOperations.FixedTimeEquals(Sign(payload, subject), signature);
}
