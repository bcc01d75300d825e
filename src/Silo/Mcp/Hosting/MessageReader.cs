using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Reads the one JSON-RPC message of a POST: bounded in bytes, depth and time, each member once.</summary>
internal static class MessageReader
{
    /// <summary>Params of 256 KiB, escaped at worst, and the envelope around them.</summary>
    public const int LargestBody = 2 * 1024 * 1024;

    /// <summary>Params may have 48 levels, within a tool's arguments.</summary>
    public const int DeepestBody = 64;

    /// <summary>How long a body may take; Kestrel's slowest rate alone would allow hours.</summary>
    public static readonly TimeSpan LongestBody = TimeSpan.FromSeconds(30);

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = DeepestBody, AllowDuplicateProperties = false };

    /// <summary>The message, or what is wrong with it.</summary>
    public static async Task<(JsonRpcMessage? Message, McpFault? Fault)> ReadAsync(HttpContext context, TimeProvider time)
    {
        using var late = new CancellationTokenSource(LongestBody, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, late.Token);
        context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize = LargestBody;
        try
        {
            using var document = await JsonDocument.ParseAsync(new BoundedBody(context.Request.Body, LargestBody), Strict, ended.Token);
            return Convert(document.RootElement);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, new McpFault(e.StatusCode, McpErrorCode.InvalidRequest, $"The body is over {LargestBody} bytes. params may have 256 KiB: pass a reference instead of the data."));
        }
        catch (BadHttpRequestException e)
        {
            return (null, new McpFault(e.StatusCode, McpErrorCode.InvalidRequest, "The body did not come in time, or not whole."));
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested)
        {
            return (null, new McpFault(StatusCodes.Status408RequestTimeout, McpErrorCode.InvalidRequest, $"The body did not come whole within {LongestBody.TotalSeconds} s."));
        }
        catch (JsonException)
        {
            return (null, new McpFault(
                StatusCodes.Status400BadRequest, McpErrorCode.ParseError, $"The body is not a JSON-RPC message: it must be JSON of at most {DeepestBody} levels, each member name once per object."));
        }
    }

    private static (JsonRpcMessage? Message, McpFault? Fault) Convert(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.Array)
        {
            return (null, new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "Batches are not taken: send each message in a POST of its own."));
        }

        if (body.ValueKind != JsonValueKind.Object)
        {
            return (null, new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "The body must be one JSON-RPC message."));
        }

        if (body.TryGetProperty("params", out var given) && given.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null) && body.TryGetProperty("method", out var method) && method.ValueKind == JsonValueKind.String)
        {
            return (null, new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidParams, "params must be an object.") { Id = IdOf(body) });
        }

        try
        {
            return ((JsonRpcMessage?)body.Deserialize(McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage))), null);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return (null, new McpFault(StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "The body is JSON, but no JSON-RPC 2.0 request, notification or response.") { Id = IdOf(body) });
        }
    }

    private static RequestId IdOf(JsonElement body) => body.TryGetProperty("id", out var id)
        ? id.ValueKind switch
        {
            JsonValueKind.String => new RequestId(id.GetString()!),
            JsonValueKind.Number when id.TryGetInt64(out var number) => new RequestId(number),
            _ => default,
        }
        : default;
}
