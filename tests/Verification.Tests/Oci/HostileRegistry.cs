using System.Collections.Concurrent;
using Actors.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Actors.Verification.Tests.Oci;

/// <summary>A request as it came in.</summary>
internal sealed record SeenRequest(string Path, IReadOnlyDictionary<string, string> Headers, string Query = "");

/// <summary>A registry in memory that behaves until a test tells it not to.</summary>
internal sealed class HostileRegistry : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, (byte[] Bytes, string Type)> _content = new(StringComparer.Ordinal);

    private HostileRegistry(WebApplication app) => _app = app;

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Host => new Uri(_app.Urls.First()).Authority;

    /// <summary>Every request so far.</summary>
    public ConcurrentQueue<SeenRequest> Requests { get; } = new();

    /// <summary>Called first for every request; true when it answered.</summary>
    public Func<HttpContext, Task<bool>> Trick { get; set; } = _ => Task.FromResult(false);

    public static async Task<HostileRegistry> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var registry = new HostileRegistry(app);
        app.Run(registry.AnswerAsync);
        await app.StartAsync();
        return registry;
    }

    /// <summary>Serves the image by tag and by digest.</summary>
    public void Add(string repository, string tag, TestImage image)
    {
        Serve($"/v2/{repository}/manifests/{tag}", image.Manifest, image.MediaType);
        Serve($"/v2/{repository}/manifests/{image.Digest}", image.Manifest, image.MediaType);
        foreach (var blob in image.Layers.Append(image.Config))
        {
            Serve($"/v2/{repository}/blobs/{RegistryPusher.DigestOf(blob)}", blob, "application/octet-stream");
        }
    }

    /// <summary>Serves these bytes at that path.</summary>
    public void Serve(string path, byte[] bytes, string type) => _content[path] = (bytes, type);

    /// <summary>The paths that were asked for and end so.</summary>
    public IReadOnlyList<string> Seen(string suffix) => [.. Requests.Select(r => r.Path).Where(p => p.EndsWith(suffix, StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        Requests.Enqueue(new SeenRequest(path, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), context.Request.QueryString.Value ?? ""));
        if (await Trick(context))
        {
            return;
        }

        if (!_content.TryGetValue(path, out var content))
        {
            context.Response.StatusCode = 404;
            return;
        }

        context.Response.ContentType = content.Type;
        context.Response.Headers["Docker-Content-Digest"] = RegistryPusher.DigestOf(content.Bytes);
        await context.Response.Body.WriteAsync(content.Bytes);
    }
}
