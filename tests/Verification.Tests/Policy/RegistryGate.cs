using Actors.Testing;
using Actors.Verification.Tests.Oci;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>A registry in memory and a gate that trusts one key for it.</summary>
public abstract class RegistryGate : IAsyncLifetime
{
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

    /// <summary>Another policy for the same registry.</summary>
    private protected GateHarness Under(string require, string sections = "", string more = "") =>
        new(Registry.Host, GateHarness.RuleFor(Registry.Host, require) + more, sections);
}
