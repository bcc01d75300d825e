using System.Security.Cryptography;
using System.Text;

namespace Actors.RunnerApi.Configuration;

/// <summary>The bearer token, read once at start and kept as a key only.</summary>
internal sealed class RunnerToken
{
    private const int ShortestToken = 32;
    private const int LargestFile = 4096;
    private const UnixFileMode OthersMayRead = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly byte[] _hash;
    private readonly byte[] _proofKey;

    private RunnerToken(string token)
    {
        var bytes = Encoding.UTF8.GetBytes(token);
        _hash = SHA256.HashData(bytes);
        _proofKey = HMACSHA256.HashData(bytes, "actors secret proof"u8);
    }

    /// <summary>Reads the file; null with a sentence in <paramref name="fault"/> when it can't serve.</summary>
    public static RunnerToken? Read(string path, out string? fault)
    {
        fault = null;
        try
        {
            using var handle = File.OpenHandle(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & OthersMayRead) != UnixFileMode.None)
            {
                fault = $"'{path}' can be read or written by others; run chmod 600 on it.";
                return null;
            }

            var buffer = new byte[LargestFile + 1];
            var length = RandomAccess.Read(handle, buffer, 0);
            var token = Encoding.UTF8.GetString(buffer, 0, length).Trim();
            if (length > LargestFile || token.Length < ShortestToken)
            {
                fault = $"'{path}' must hold a token of at least {ShortestToken} characters, and no more than {LargestFile} bytes.";
                return null;
            }

            return new RunnerToken(token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            fault = $"'{path}' can't be read; create it with a random token of at least {ShortestToken} characters.";
            return null;
        }
    }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string presented) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented)), _hash);

    /// <summary>A keyed hash by which a secret's value is recognised after a restart without being kept.</summary>
    public string Prove(string secretName, string value) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_proofKey, Encoding.UTF8.GetBytes(secretName + "\0" + value)));
}
