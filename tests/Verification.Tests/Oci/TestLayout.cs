using System.Text.Json.Nodes;
using Actors.Testing;

namespace Actors.Verification.Tests.Oci;

/// <summary>A temporary OCI image layout.</summary>
internal sealed class TestLayout : IDisposable
{
    private readonly JsonArray _entries = [];

    public TestLayout()
    {
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "blobs", "sha256"));
        File.WriteAllText(Path.Combine(Directory, "oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("actors-layout-").FullName;

    /// <summary>Adds an image, or a signature manifest, under a tag.</summary>
    public void Add(TestImage image, string tag)
    {
        foreach (var blob in image.Layers.Append(image.Config).Append(image.Manifest))
        {
            File.WriteAllBytes(Path.Combine(Directory, "blobs", "sha256", RegistryPusher.DigestOf(blob)["sha256:".Length..]), blob);
        }

        var entry = TestImages.Descriptor(image.MediaType, image.Manifest);
        entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = tag };
        _entries.Add((JsonNode)entry);
        File.WriteAllText(Path.Combine(Directory, "index.json"), new JsonObject { ["schemaVersion"] = 2, ["manifests"] = _entries.DeepClone() }.ToJsonString());
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
