using System.Security.Cryptography;

namespace Actors.Verification.Cryptography;

/// <summary>Merkle trees as RFC 6962 hashes them.</summary>
internal static class MerkleTree
{
    public const int HashBytes = SHA256.HashSizeInBytes;

    public static byte[] HashLeaf(ReadOnlySpan<byte> leaf) => Hash(0, leaf, []);

    public static byte[] HashChildren(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => Hash(1, left, right);

    /// <summary>The root that this proof leads to (RFC 9162, section 2.1.3.2); null when the index is not below the size, or the proof has another length than that place in the tree needs.</summary>
    public static byte[]? RootOf(long index, long size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof)
    {
        ArgumentNullException.ThrowIfNull(proof);
        if (index < 0 || index >= size)
        {
            return null;
        }

        var (node, last) = (index, size - 1);
        var hash = leafHash.ToArray();
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return null;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = HashChildren(sibling, hash);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                hash = HashChildren(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 ? hash : null;
    }

    private static byte[] Hash(byte domain, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData([domain]);
        hash.AppendData(first);
        hash.AppendData(second);
        return hash.GetHashAndReset();
    }
}
