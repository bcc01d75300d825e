using Actors.Verification.Cryptography;

namespace Actors.Verification.Tests.Cryptography;

/// <summary>Every vector of the files in Vectors/, of which ORIGIN.md tells.</summary>
public sealed class WycheproofTests
{
    [Theory]
    [InlineData("ed25519", 146)]
    [InlineData("ecdsa", 1242)]
    [InlineData("rsa_pkcs1", 479)]
    [InlineData("rsa_pss", 309)]
    public void Verify_EveryVector_IsJudgedRight(string file, int count)
    {
        var vectors = Read(file);
        Assert.Equal(count, vectors.Count);
        var wrong = vectors.Where(v => v.Verdict != 'a' && v.Key.Verify(v.Message, v.Signature) != (v.Verdict == 'v')).Select(v => v.Name);
        Assert.Empty(wrong);
    }

    private static List<Vector> Read(string file)
    {
        var vectors = new List<Vector>();
        TrustedPublicKey? key = null;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Cryptography", "Vectors", $"{file}.txt")))
        {
            var parts = line.Split(' ');
            if (parts[0] == "key")
            {
                Assert.True(TrustedPublicKey.TryParseSpki(parts[1], Hex(parts[2]), out key, out var fault), fault);
                key = file == "rsa_pss" ? key.WithPss() : key;
            }
            else
            {
                vectors.Add(new Vector($"{key!.Name} {parts[0]}", key, parts[1][0], Hex(parts[2]), Hex(parts[3])));
            }
        }

        return vectors;
    }

    private static byte[] Hex(string text) => text == "-" ? [] : Convert.FromHexString(text);

    private sealed record Vector(string Name, TrustedPublicKey Key, char Verdict, byte[] Message, byte[] Signature);
}
