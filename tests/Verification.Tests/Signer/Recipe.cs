using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Actors.Verification.Tests.Signer;

/// <summary>How a bundle is made. As it is, all is valid; a test turns one knob.</summary>
internal sealed class Recipe
{
    public const string Identity = "https://github.com/tests/image/.github/workflows/release.yml@refs/heads/main";
    public const string Issuer = "https://token.actions.githubusercontent.com";
    public const string Repository = "https://github.com/tests/image";
    public const string Reference = "refs/heads/main";
    public const string CosignPredicate = "https://sigstore.dev/cosign/sign/v1";
    public const string InTotoType = "application/vnd.in-toto+json";

    private Recipe()
    {
        Certificate = Leaf();
        Sct.At = SigstoreWorld.Now;
    }

    public SigstoreWorld World { get; set; } = SigstoreWorld.Trusted;

    /// <summary>The digest of these bytes is what is signed or stated.</summary>
    public byte[] Artifact { get; set; } = Encoding.UTF8.GetBytes("hello, artifact\n");

    public bool Keyless { get; set; }

    public bool Dsse { get; set; }

    /// <summary>1, 2 (Ed25519) or 3 (version 2 with ECDSA); 0 logs nowhere.</summary>
    public int Rekor { get; set; }

    /// <summary>The bundle's version: 1, 2 or 3.</summary>
    public int Version { get; set; } = 3;

    public TestKey Key { get; set; } = TestKey.P256();

    public CertificateSpec Certificate { get; set; }

    /// <summary>Issues the certificate in place of the trusted authority.</summary>
    public TestAuthority? Authority { get; set; }

    public SctSpec Sct { get; } = new();

    public List<EntrySpec> Entries { get; } = [];

    public List<TimestampSpec> Timestamps { get; } = [];

    /// <summary>The statement before it is signed.</summary>
    public Action<JsonObject> Statement { get; set; } = _ => { };

    /// <summary>The payload's bytes before they are signed.</summary>
    public Func<byte[], byte[]> Payload { get; set; } = bytes => bytes;

    public string PayloadType { get; set; } = InTotoType;

    public string PredicateType { get; set; } = CosignPredicate;

    /// <summary>What the signature is over, in place of the artifact or the envelope's PAE.</summary>
    public Func<byte[], byte[]> Signed { get; set; } = bytes => bytes;

    /// <summary>The signature, before it is logged and stamped.</summary>
    public Func<byte[], byte[]> Signature { get; set; } = bytes => bytes;

    /// <summary>What is logged in place of the true content.</summary>
    public Func<SignedContent, SignedContent> Logged { get; set; } = content => content;

    /// <summary>The finished bundle.</summary>
    public Action<JsonObject> Bundle { get; set; } = _ => { };

    /// <summary>The finished trusted root.</summary>
    public Action<JsonObject> Root { get; set; } = _ => { };

    /// <summary>A recipe for these choices; names are used in test output.</summary>
    public static Recipe Of(bool keyless, bool dsse, int rekor, int version = 3, string? kind = null)
    {
        var recipe = new Recipe { Keyless = keyless, Dsse = dsse, Rekor = rekor, Version = version };
        if (rekor > 0)
        {
            recipe.Entries.Add(new EntrySpec { At = SigstoreWorld.Now, WithSet = rekor == 1, WithProof = version > 1, Kind = kind });
        }

        if (rekor is 0 or 2 or 3)
        {
            recipe.Timestamps.Add(new TimestampSpec { At = SigstoreWorld.Now });
        }

        return recipe;
    }

    /// <summary>The same recipe after one change.</summary>
    public Recipe With(Action<Recipe> change)
    {
        change(this);
        return this;
    }

    /// <summary>A valid leaf: ten minutes around now, as Fulcio issues.</summary>
    public static CertificateSpec Leaf()
    {
        var spec = new CertificateSpec
        {
            NotBefore = SigstoreWorld.Now.AddMinutes(-5),
            NotAfter = SigstoreWorld.Now.AddMinutes(5),
            ExtendedKeyUsages = [CertificateSpec.CodeSigning],
            Names = [Identity],
        };
        spec.SetFulcio(1, Issuer, raw: true);
        spec.SetFulcio(8, Issuer);
        spec.SetFulcio(9, Identity);
        spec.SetFulcio(12, Repository);
        spec.SetFulcio(14, Reference);
        return spec;
    }

    /// <summary>Makes it.</summary>
    public Fixture Build() => RecipeBuilder.Build(this);

    /// <summary>A statement about the artifact.</summary>
    public JsonObject StatementJson()
    {
        var statement = new JsonObject
        {
            ["_type"] = "https://in-toto.io/Statement/v1",
            ["subject"] = new JsonArray(new JsonObject
            {
                ["name"] = "",
                ["digest"] = new JsonObject { ["sha256"] = Convert.ToHexStringLower(SHA256.HashData(Artifact)) },
            }),
            ["predicateType"] = PredicateType,
            ["predicate"] = new JsonObject(),
        };
        Statement(statement);
        return statement;
    }

    /// <summary>The pre-authentication encoding of an envelope.</summary>
    public static byte[] Pae(string type, byte[] payload) =>
        [.. Encoding.UTF8.GetBytes($"DSSEv1 {Encoding.UTF8.GetByteCount(type)} {type} {payload.Length} "), .. payload];
}

/// <summary>What a recipe made.</summary>
/// <param name="Bundle">JSON.</param>
/// <param name="Root">trusted_root.json.</param>
/// <param name="Artifact">The signed thing's bytes.</param>
/// <param name="Key">That signed.</param>
/// <param name="Content">What was signed.</param>
/// <param name="Entries">As in the bundle.</param>
/// <param name="Timestamps">TimeStampResp each.</param>
internal sealed record Fixture(
    byte[] Bundle, byte[] Root, byte[] Artifact, TestKey Key, SignedContent Content, IReadOnlyList<JsonObject> Entries, IReadOnlyList<byte[]> Timestamps)
{
    /// <summary>sha256: and hex of the artifact.</summary>
    public string Digest => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Artifact));
}
