using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Actors.Testing;

/// <summary>An image as bytes, ready to push.</summary>
/// <param name="Manifest">Manifest or index.</param>
/// <param name="MediaType">Of the manifest.</param>
/// <param name="Config">Config blob.</param>
/// <param name="Layers">Layer blobs.</param>
public sealed record TestImage(byte[] Manifest, string MediaType, byte[] Config, IReadOnlyList<byte[]> Layers)
{
    /// <summary>The manifest's digest.</summary>
    public string Digest => RegistryPusher.DigestOf(Manifest);
}

/// <summary>A file of an image's only layer.</summary>
/// <param name="Path">Without a leading slash.</param>
/// <param name="Content">Bytes.</param>
/// <param name="Executable">Mode 0755 instead of 0644.</param>
public sealed record TestFile(string Path, byte[] Content, bool Executable = false);

/// <summary>Builds small linux/amd64 OCI images without any tool.</summary>
public static class TestImages
{
    public const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    public const string ConfigType = "application/vnd.oci.image.config.v1+json";
    private const string LayerType = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>An image with one text file; another text gives another digest.</summary>
    public static TestImage Text(string text) => FromFiles([new TestFile("hello.txt", Encoding.UTF8.GetBytes(text))], ["/hello.txt"]);

    /// <summary>An image with these files; directories are made as needed.</summary>
    public static TestImage FromFiles(IReadOnlyList<TestFile> files, IReadOnlyList<string> entrypoint)
    {
        ArgumentNullException.ThrowIfNull(files);
        var tar = Tar(files);
        var layer = GZip(tar);
        var config = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject { ["Entrypoint"] = new JsonArray([.. entrypoint.Select(e => JsonValue.Create(e))]) },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(RegistryPusher.DigestOf(tar)) },
        }.ToJsonString());
        return new TestImage(Manifest(config, [Descriptor(LayerType, layer)]), ManifestType, config, [layer]);
    }

    /// <summary>An OCI manifest over a config blob and layer descriptors.</summary>
    public static byte[] Manifest(byte[] config, IReadOnlyList<JsonObject> layers) => JsonSerializer.SerializeToUtf8Bytes(new JsonObject
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = ManifestType,
        ["config"] = Descriptor(ConfigType, config),
        ["layers"] = new JsonArray([.. layers]),
    });

    /// <summary>A descriptor of these bytes.</summary>
    public static JsonObject Descriptor(string mediaType, byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return new JsonObject { ["mediaType"] = mediaType, ["size"] = bytes.Length, ["digest"] = RegistryPusher.DigestOf(bytes) };
    }

    private static byte[] Tar(IReadOnlyList<TestFile> files)
    {
        using var buffer = new MemoryStream();
        using (var tar = new TarWriter(buffer, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var directory in files.SelectMany(f => Parents(f.Path)).Distinct(StringComparer.Ordinal))
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.Directory, directory + "/") { Mode = (UnixFileMode)0b111_101_101, ModificationTime = DateTimeOffset.UnixEpoch });
            }

            foreach (var file in files)
            {
                using var content = new MemoryStream(file.Content);
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, file.Path)
                {
                    Mode = (UnixFileMode)(file.Executable ? 0b111_101_101 : 0b110_100_100),
                    ModificationTime = DateTimeOffset.UnixEpoch,
                    DataStream = content,
                });
            }
        }

        return buffer.ToArray();
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash > 0; slash = path.IndexOf('/', slash + 1))
        {
            yield return path[..slash];
        }
    }

    private static byte[] GZip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return buffer.ToArray();
    }
}
