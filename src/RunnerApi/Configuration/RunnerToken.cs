using System.Security.Cryptography;
using System.Text;

namespace Actors.RunnerApi.Configuration;

/// <summary>The bearer token, read once at start and kept as a key only.</summary>
internal sealed class RunnerToken
{
    private readonly byte[] _hash;
    private readonly byte[] _proofKey;

    /// <summary>Takes the token as its file holds it.</summary>
    public RunnerToken(string token)
    {
        var bytes = Encoding.UTF8.GetBytes(token);
        _hash = SHA256.HashData(bytes);
        _proofKey = HMACSHA256.HashData(bytes, "actors secret proof"u8);
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string presented) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented)), _hash);

    /// <summary>A secret of our own that follows from the token: the same for the same purpose and text, 64 hex digits.</summary>
    public string Derive(string purpose, string text) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_proofKey, Encoding.UTF8.GetBytes("\0" + purpose + "\0" + text)));

    /// <summary>A keyed hash by which a secret's value is recognised after a restart without being kept.</summary>
    public string Prove(string secretName, string value) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_proofKey, Encoding.UTF8.GetBytes(secretName + "\0" + value)));
}
