using Actors.Verification.Cryptography;

namespace Actors.Verification.Tests.Cryptography;

/// <summary>The tree of eight leaves that implementations of RFC 6962 test by.</summary>
public sealed class MerkleTreeTests
{
    private static readonly string[] Leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

    private static readonly string[] Roots =
    [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    public static TheoryData<int, int> Places()
    {
        var places = new TheoryData<int, int>();
        for (var size = 1; size <= 8; size++)
        {
            for (var index = 0; index < size; index++)
            {
                places.Add(index, size);
            }
        }

        return places;
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void RootOf_ProofOfEveryPlace_LeadsToTheReferenceRoot(int index, int size)
    {
        var root = MerkleTree.RootOf(index, size, Leaf(index), Proof(index, 0, size));
        Assert.Equal(Roots[size - 1], Convert.ToHexStringLower(root!));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void RootOf_ProofOfAnotherLength_IsRefused(int index, int size)
    {
        var proof = Proof(index, 0, size);
        Assert.Null(MerkleTree.RootOf(index, size, Leaf(index), [.. proof, new byte[32]]));
        if (proof.Count > 0)
        {
            Assert.Null(MerkleTree.RootOf(index, size, Leaf(index), proof[..^1]));
        }
    }

    [Theory]
    [InlineData(-1, 8)]
    [InlineData(-1, 1)]
    [InlineData(1, 1)]
    [InlineData(8, 8)]
    [InlineData(0, 0)]
    [InlineData(0, -1)]
    public void RootOf_IndexOutsideTheTree_IsRefused(long index, long size) => Assert.Null(MerkleTree.RootOf(index, size, Leaf(0), []));

    [Fact]
    public void RootOf_ReferenceProof_IsTheOneComputedHere()
    {
        // The published proof of leaf 0 among 8.
        string[] published =
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ];
        Assert.Equal(published, Proof(0, 0, 8).Select(Convert.ToHexStringLower));
    }

    private static byte[] Leaf(int index) => MerkleTree.HashLeaf(Convert.FromHexString(Leaves[index]));

    // RFC 6962, sections 2.1 and 2.1.1, word by word.
    private static byte[] Root(int start, int count) =>
        count == 1 ? Leaf(start) : MerkleTree.HashChildren(Root(start, Split(count)), Root(start + Split(count), count - Split(count)));

    private static List<byte[]> Proof(int index, int start, int count) =>
        count == 1 ? []
        : index < Split(count) ? [.. Proof(index, start, Split(count)), Root(start + Split(count), count - Split(count))]
        : [.. Proof(index - Split(count), start + Split(count), count - Split(count)), Root(start, Split(count))];

    private static int Split(int count)
    {
        var k = 1;
        while (k * 2 < count)
        {
            k *= 2;
        }

        return k;
    }
}
