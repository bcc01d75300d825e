using System.Security.Cryptography;
using System.Text;
using Actors.Verification.Cosign;

namespace Actors.Verification.Policy;

/// <summary>Loads the policy's key files, each once, and keeps their bytes for the revision.</summary>
internal sealed class PolicyKeys(string baseDirectory, PolicyReader reader)
{
    private const int MaxKeyFileBytes = 16 * 1024;
    private readonly List<byte[]> _contents = [];
    private readonly Dictionary<string, TrustedKey?> _byPath = new(StringComparer.Ordinal);

    /// <summary>The key in the file at <paramref name="path"/>, relative to the policy file; null after noting why not.</summary>
    public TrustedKey? Load(int line, string path)
    {
        if (_byPath.TryGetValue(path, out var known))
        {
            return known;
        }

        var key = Read(line, path);
        _byPath.Add(path, key);
        return key;
    }

    /// <summary>SHA-256, hex, over the policy's bytes and each key file's, in the order of first use; lengths go in so that no byte can move from one file to the next.</summary>
    public string Revision(byte[] policy)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in _contents.Prepend(policy))
        {
            hash.AppendData(BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness((long)part.Length)));
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private TrustedKey? Read(int line, string path)
    {
        byte[]? bytes;
        try
        {
            bytes = BoundedFile.Read(Path.GetFullPath(path, baseDirectory), MaxKeyFileBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            reader.Fault(line, $"Key file '{PolicyReader.Shorten(path)}' cannot be read.", "Put the public key there (the path is relative to the policy file), readable for this process.");
            return null;
        }

        if (bytes is null)
        {
            reader.Fault(line, $"Key file '{PolicyReader.Shorten(path)}' has more than {MaxKeyFileBytes} bytes.", "Put one PEM public key there.");
            return null;
        }

        _contents.Add(bytes);
        if (TrustedKey.TryParse(path, Encoding.Latin1.GetString(bytes), out var key, out var fault))
        {
            return key;
        }

        reader.Fault(line, $"Key file '{PolicyReader.Shorten(path)}' {fault}.", "Put one PEM 'PUBLIC KEY' there: ECDSA P-256, P-384 or P-521, or RSA of 2048 to 8192 bits.");
        return null;
    }
}
