using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Actors.Testing;

/// <summary>One signature as a layer of a signature manifest.</summary>
/// <param name="Payload">The blob that is signed.</param>
/// <param name="Descriptor">Points to it, with the signature as an annotation.</param>
public sealed record TestSignature(byte[] Payload, JsonObject Descriptor);

/// <summary>Signs as cosign does with a key and its tag layout: a payload blob per signature, in the manifest at tag <c>sha256-HEX.sig</c>.</summary>
public sealed class CosignTestSigner : IDisposable
{
    public const string SimpleSigningType = "application/vnd.dev.cosign.simplesigning.v1+json";
    public const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    private readonly ECDsa? _ecdsa;
    private readonly RSA? _rsa;

    /// <summary>A signer with a new ECDSA key on P-256.</summary>
    public CosignTestSigner()
        : this(ECCurve.NamedCurves.nistP256)
    {
    }

    /// <summary>A signer with a new ECDSA key on that curve.</summary>
    public CosignTestSigner(ECCurve curve) => _ecdsa = ECDsa.Create(curve);

    private CosignTestSigner(RSA rsa) => _rsa = rsa;

    /// <summary>The public key: PEM, SubjectPublicKeyInfo.</summary>
    public string PublicKeyPem => (_ecdsa is null ? _rsa!.ExportSubjectPublicKeyInfoPem() : _ecdsa.ExportSubjectPublicKeyInfoPem()) + "\n";

    /// <summary><c>sha256:</c> and hex over the SubjectPublicKeyInfo.</summary>
    public string Fingerprint => RegistryPusher.DigestOf(_ecdsa is null ? _rsa!.ExportSubjectPublicKeyInfo() : _ecdsa.ExportSubjectPublicKeyInfo());

    /// <summary>A signer with a new RSA key.</summary>
    public static CosignTestSigner Rsa(int bits) => new(RSA.Create(bits));

    /// <summary>The tag where signatures of a digest are.</summary>
    public static string TagOf(string digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return digest.Replace(':', '-') + ".sig";
    }

    /// <summary>What is signed for a digest.</summary>
    public static byte[] PayloadOf(string digest, string type = "cosign container image signature") => Encoding.UTF8.GetBytes(
        $$$"""{"critical":{"identity":{"docker-reference":""},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"{{{type}}}"},"optional":null}""");

    /// <summary>A signature manifest as an image: its layers are the payloads.</summary>
    public static TestImage ManifestOf(IReadOnlyList<TestSignature> signatures)
    {
        ArgumentNullException.ThrowIfNull(signatures);
        var config = Encoding.UTF8.GetBytes("""{"architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]}}""");
        var manifest = TestImages.Manifest(config, [.. signatures.Select(s => (JsonObject)s.Descriptor.DeepClone())]);
        return new TestImage(manifest, TestImages.ManifestType, config, [.. signatures.Select(s => s.Payload)]);
    }

    /// <summary>The raw signature over these bytes.</summary>
    public byte[] SignBytes(byte[] bytes) => _ecdsa is null
        ? _rsa!.SignData(bytes, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        : _ecdsa.SignData(bytes, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>Signs that image's digest.</summary>
    public TestSignature Sign(string digest) => SignPayload(PayloadOf(digest));

    /// <summary>Signs any payload, good or bad.</summary>
    public TestSignature SignPayload(byte[] payload)
    {
        var descriptor = TestImages.Descriptor(SimpleSigningType, payload);
        descriptor["annotations"] = new JsonObject { [SignatureAnnotation] = Convert.ToBase64String(SignBytes(payload)) };
        return new TestSignature(payload, descriptor);
    }

    /// <summary>Signs the digest and pushes the signature beside the image. Returns the signature manifest's digest.</summary>
    public Task<string> SignAndPushAsync(RegistryPusher pusher, string repository, string digest)
    {
        ArgumentNullException.ThrowIfNull(pusher);
        return pusher.PushAsync(repository, TagOf(digest), ManifestOf([Sign(digest)]));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ecdsa?.Dispose();
        _rsa?.Dispose();
    }
}
