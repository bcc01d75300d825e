using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>A registry in front of a real one that gives one image the first time a tag is asked for, and another ever after.</summary>
internal sealed class FlippingRegistry : IAsyncDisposable
{
    public const string Tag = "flip";
    private readonly WebApplication _app;
    private readonly HttpClient _http = new();
    private readonly string _behind;
    private int _asked;

    private FlippingRegistry(string behind)
    {
        _behind = behind;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.Run(ForwardAsync);
    }

    public string Host { get; private set; } = "";

    /// <summary>What was asked for by tag, in order.</summary>
    public ConcurrentQueue<string> ByTag { get; } = new();

    public static async Task<FlippingRegistry> StartAsync(string behind)
    {
        var registry = new FlippingRegistry(behind);
        await registry._app.StartAsync();
        registry.Host = new Uri(registry._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Authority;
        return registry;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        if (path.EndsWith($"/manifests/{Tag}", StringComparison.Ordinal))
        {
            ByTag.Enqueue(path);
            path = path.Replace($"/manifests/{Tag}", Interlocked.Increment(ref _asked) == 1 ? "/manifests/first" : "/manifests/second", StringComparison.Ordinal);
        }

        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), $"http://{_behind}{path}{context.Request.QueryString}");
        request.Headers.TryAddWithoutValidation("Accept", context.Request.Headers.Accept.ToArray());
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(h => h.Key is "Content-Type" or "Content-Length" or "Docker-Content-Digest"))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
