using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Testing;
using Actors.Verification.Tests.Oci;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>A registry in memory and a gate that trusts one key for it.</summary>
public abstract class RegistryGate : IAsyncLifetime
{
    private protected const string IndexType = "application/vnd.oci.image.index.v1+json";
    private protected const string BundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";

    private protected const string Name = "examples/tool";

    private protected HostileRegistry Registry { get; private set; } = null!;

    private protected GateHarness Harness { get; private set; } = null!;

    private protected string Tagged => $"{Registry.Host}/{Name}:1";

    public async Task InitializeAsync()
    {
        Registry = await HostileRegistry.StartAsync();
        Harness = new GateHarness(Registry.Host);
    }

    public async Task DisposeAsync()
    {
        await Harness.DisposeAsync();
        await Registry.DisposeAsync();
    }

    private protected string Pinned(TestImage image) => $"{Registry.Host}/{Name}@{image.Digest}";

    /// <summary>An image at tag 1, signed by the key of the rule.</summary>
    private protected TestImage AddSigned(string text)
    {
        var image = TestImages.Text(text);
        Registry.Add(Name, "1", image);
        AddSignatures(image, [Harness.Signer.Sign(image.Digest)]);
        return image;
    }

    private protected void AddSignatures(TestImage image, IReadOnlyList<TestSignature> signatures) =>
        Registry.Add(Name, CosignTestSigner.TagOf(image.Digest), CosignTestSigner.ManifestOf(signatures));

    /// <summary>Attaches Sigstore bundles under the fallback tag of an image, in this order.</summary>
    private protected void AddBundles(TestImage image, params IReadOnlyList<byte[]> bundles) =>
        ListReferrers(image, [.. bundles.Select(b => AddReferrer(image, [(BundleType, b)]))]);

    /// <summary>Serves a referrer of an image, with these layers; gives its descriptor.</summary>
    private protected JsonObject AddReferrer(TestImage image, IReadOnlyList<(string Type, byte[] Content)> layers, string note = "")
    {
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = TestImages.ManifestType,
            ["artifactType"] = BundleType,
            ["config"] = TestImages.Descriptor("application/vnd.oci.empty.v1+json", "{}"u8.ToArray()),
            ["layers"] = new JsonArray([.. layers.Select(l => TestImages.Descriptor(l.Type, l.Content))]),
            ["subject"] = TestImages.Descriptor(image.MediaType, image.Manifest),
            ["annotations"] = new JsonObject { ["note"] = note },
        });
        Registry.Serve($"/v2/{Name}/manifests/{RegistryPusher.DigestOf(manifest)}", manifest, TestImages.ManifestType);
        foreach (var (_, content) in layers)
        {
            Registry.Serve($"/v2/{Name}/blobs/{RegistryPusher.DigestOf(content)}", content, "application/octet-stream");
        }

        return TestImages.Descriptor(TestImages.ManifestType, manifest);
    }

    /// <summary>Lists referrers under the fallback tag, or where a registry has it, at the referrers endpoint.</summary>
    private protected void ListReferrers(TestImage image, IReadOnlyList<JsonObject> referrers, bool endpoint = false)
    {
        var index = JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = IndexType, ["manifests"] = new JsonArray([.. referrers]) });
        Registry.Serve(endpoint ? $"/v2/{Name}/referrers/{image.Digest}" : $"/v2/{Name}/manifests/{image.Digest.Replace(':', '-')}", index, IndexType);
    }

    /// <summary>Another policy for the same registry.</summary>
    private protected GateHarness Under(string require, string sections = "", Action<PolicyFolder>? beforeOpen = null) =>
        new(Registry.Host, GateHarness.RuleFor(Registry.Host, require), sections, beforeOpen);
}
