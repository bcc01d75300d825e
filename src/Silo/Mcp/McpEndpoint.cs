using System.Net.Mime;
using System.Text.Json;
using Actors.Silo.Configuration;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp;

/// <summary>MCP over Streamable HTTP at <c>/mcp</c>. Every POST stands for itself: no session is kept, so any silo answers any request and a restart loses none.</summary>
internal sealed class McpEndpoint(IEnumerable<IMcpFeature> features, ILoggerFactory loggers, TimeProvider time)
{
    /// <summary>Params of 256 KiB, escaped at worst, and the envelope around them.</summary>
    private const int LargestBody = 2 * 1024 * 1024;

    private static readonly string[] Versions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);

    private readonly IMcpFeature[] _features = [.. features];

    /// <summary>Maps the endpoint. GET and DELETE belong to sessions, which this server does not keep: 405.</summary>
    public static void Map(WebApplication app)
    {
        app.MapPost("/mcp", (HttpContext context, McpEndpoint endpoint) => endpoint.HandleAsync(context));
        app.MapMethods("/mcp", ["GET", "DELETE"], (HttpContext context) =>
        {
            context.Response.Headers.Allow = "POST";
            return WriteErrorAsync(context, StatusCodes.Status405MethodNotAllowed, McpErrorCode.InvalidRequest, "This server keeps no sessions: send every message by POST.");
        });
    }

    private async Task HandleAsync(HttpContext context)
    {
        var aborted = context.RequestAborted;
        if (Unacceptable(context.Request) is { } refusal)
        {
            await WriteErrorAsync(context, refusal.Status, McpErrorCode.InvalidRequest, refusal.Message);
            return;
        }

        if (await ReadAsync(context) is not { } message)
        {
            return;
        }

        message.Context = new JsonRpcMessageContext { ProtocolVersion = Version(context.Request), User = context.User };
        await using var transport = new StreamableHttpServerTransport(loggers) { Stateless = true };
        await using var server = McpServer.Create(transport, ServerOptions(), loggers);
        var running = server.RunAsync(aborted);

        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache,no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        await using var body = new KeepAliveStream(context.Response.Body, KeepAlive, time);
        try
        {
            if (!await transport.HandlePostRequestAsync(message, body, aborted))
            {
                context.Response.ContentType = null;
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            }
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // The client went away; a run it started goes on.
        }

        await transport.DisposeAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static (int Status, string Message)? Unacceptable(HttpRequest request)
    {
        var accept = request.GetTypedHeaders().Accept;
        if (!accept.Any(a => a.MatchesMediaType("text/event-stream")) || !accept.Any(a => a.MatchesMediaType(MediaTypeNames.Application.Json)))
        {
            return (StatusCodes.Status406NotAcceptable, "Send 'Accept: application/json, text/event-stream'.");
        }

        if (!request.HasJsonContentType())
        {
            return (StatusCodes.Status415UnsupportedMediaType, "Send 'Content-Type: application/json'.");
        }

        return Version(request) is { } version && !Versions.Contains(version)
            ? (StatusCodes.Status400BadRequest, $"MCP-Protocol-Version must be one of {string.Join(", ", Versions)}.")
            : null;
    }

    private static async Task<JsonRpcMessage?> ReadAsync(HttpContext context)
    {
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = LargestBody;
        try
        {
            var message = await context.Request.ReadFromJsonAsync(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)), context.RequestAborted);
            if (message is JsonRpcMessage known)
            {
                return known;
            }

            await WriteErrorAsync(context, StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "The body must be one JSON-RPC message.");
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            await WriteErrorAsync(context, e.StatusCode, McpErrorCode.InvalidRequest, $"The body is over {LargestBody} bytes. params may have 256 KiB: pass a reference instead of the data.");
        }
        catch (Exception e) when (e is JsonException or BadHttpRequestException)
        {
            await WriteErrorAsync(context, StatusCodes.Status400BadRequest, McpErrorCode.ParseError, "The body is not a JSON-RPC message.");
        }

        return null;
    }

    private static string? Version(HttpRequest request) => request.Headers["MCP-Protocol-Version"] is [{ Length: > 0 } version] ? version : null;

    private static Task WriteErrorAsync(HttpContext context, int status, McpErrorCode code, string message)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(
            new JsonRpcError { Id = default, Error = new JsonRpcErrorDetail { Code = (int)code, Message = message } },
            McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcError)),
            cancellationToken: context.RequestAborted);
    }

    private McpServerOptions ServerOptions()
    {
        var options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "actors", Title = "Actors", Version = ProductVersion.Text },
            ServerInstructions =
                """
                Runs workflows whose steps call tools of untrusted MCP servers, each in a verified, sandboxed container.
                Call list_workflows to see what can be run and which params it takes, run_workflow to run one.
                When the answer's status is not 'done', call wait_run with its run_id until it is.
                When waiting_for is present, the run waits for a person's decision (approve_run) or a signal (signal_run). list_runs finds runs. get_run_trace tells what was decided, launched, called and answered.
                """,
        };
        foreach (var feature in _features)
        {
            feature.Configure(options);
        }

        return options;
    }
}
