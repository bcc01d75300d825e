using System.Numerics;
using System.Security.Cryptography;

namespace Actors.Verification.Tests.Signer;

/// <summary>A hash tree by the recursive definitions of RFC 6962, section 2.1, written apart from the product's iterative check.</summary>
internal static class TestMerkleTree
{
    /// <summary>The hash of a leaf's bytes.</summary>
    public static byte[] LeafHash(byte[] leaf) => SHA256.HashData([0, .. leaf]);

    /// <summary>The root over these leaf hashes.</summary>
    public static byte[] Root(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        var split = Split(leaves.Length);
        return SHA256.HashData([1, .. Root(leaves[..split]), .. Root(leaves[split..])]);
    }

    /// <summary>The audit path of a leaf, from the bottom up.</summary>
    public static List<byte[]> Path(int index, ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return [];
        }

        var split = Split(leaves.Length);
        var path = index < split ? Path(index, leaves[..split]) : Path(index - split, leaves[split..]);
        path.Add(index < split ? Root(leaves[split..]) : Root(leaves[..split]));
        return path;
    }

    private static int Split(int count) => 1 << BitOperations.Log2((uint)count - 1);
}
