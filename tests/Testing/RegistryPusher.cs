using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Actors.Testing;

/// <summary>Pushes blobs and manifests to a plain-HTTP registry.</summary>
public sealed class RegistryPusher(string host) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri($"http://{host}/") };

    /// <summary><c>host:port</c>.</summary>
    public string Host { get; } = host;

    /// <summary>Pushes with that name and password from now on.</summary>
    public void LogIn(string name, string password) =>
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")));

    /// <summary><c>sha256:</c> and hex of the bytes.</summary>
    public static string DigestOf(ReadOnlySpan<byte> bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Pushes config, layers and manifest; the tag then points to it. Returns the manifest's digest.</summary>
    public async Task<string> PushAsync(string repository, string tag, TestImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        await PushBlobAsync(repository, image.Config);
        foreach (var layer in image.Layers)
        {
            await PushBlobAsync(repository, layer);
        }

        return await PushManifestAsync(repository, tag, image.Manifest, image.MediaType);
    }

    /// <summary>Pushes one blob. Returns its digest.</summary>
    public async Task<string> PushBlobAsync(string repository, byte[] bytes)
    {
        var digest = DigestOf(bytes);
        using var start = await _http.PostAsync(new Uri($"v2/{repository}/blobs/uploads/", UriKind.Relative), content: null);
        start.EnsureSuccessStatusCode();
        var location = start.Headers.Location!.ToString();
        using var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        var target = location + (location.Contains('?', StringComparison.Ordinal) ? "&" : "?") + "digest=" + Uri.EscapeDataString(digest);
        using var put = await _http.PutAsync(new Uri(target, UriKind.RelativeOrAbsolute), content);
        put.EnsureSuccessStatusCode();
        return digest;
    }

    /// <summary>Pushes a manifest by tag. Returns its digest.</summary>
    public async Task<string> PushManifestAsync(string repository, string tag, byte[] manifest, string mediaType)
    {
        using var content = new ByteArrayContent(manifest);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        using var response = await _http.PutAsync(new Uri($"v2/{repository}/manifests/{tag}", UriKind.Relative), content);
        if (!response.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"Push of {repository}:{tag} was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
        }

        return DigestOf(manifest);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();
}
