using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Benchmarks.Mcp;

/// <summary>What the SDK alone costs: one tool that does nothing, no checks, no sessions. Runs as a process of its own, as the silo does.</summary>
internal static class BareServer
{
    /// <summary>First argument of the process that is one.</summary>
    public const string Command = "bare-mcp-server";

    public static async Task RunAsync(string port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)));
        await using var app = builder.Build();
        var options = new McpServerOptions { ServerInfo = new Implementation { Name = "bare", Version = "1" }, ToolCollection = [new EmptyTool()], ScopeRequests = false };
        app.MapPost("/mcp", context => AnswerAsync(context, options));
        app.MapGet("/readyz", () => "ok");
        await app.StartAsync();
        await app.WaitForShutdownAsync();
    }

    private static async Task AnswerAsync(HttpContext context, McpServerOptions options)
    {
        var message = (JsonRpcMessage)(await context.Request.ReadFromJsonAsync(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage))))!;
        message.Context = new JsonRpcMessageContext { ProtocolVersion = McpLoad.Version };
        await using var transport = new StreamableHttpServerTransport(NullLoggerFactory.Instance) { Stateless = true };
        await using var server = McpServer.Create(transport, options, NullLoggerFactory.Instance);
        var running = server.RunAsync(context.RequestAborted);
        context.Response.ContentType = "text/event-stream";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await transport.HandlePostRequestAsync(message, context.Response.Body, context.RequestAborted);
        await transport.DisposeAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private sealed class EmptyTool : McpServerTool
    {
        public override Tool ProtocolTool { get; } = new() { Name = "empty", Description = "Does nothing.", InputSchema = JsonElement.Parse("""{"type":"object"}""") };

        public override IReadOnlyList<object> Metadata => [];

        public override ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(new CallToolResult { Content = [] });
    }
}
