using Microsoft.AspNetCore.Http.Features;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>The answer to a POST or GET as an event stream.</summary>
internal static class SseResponse
{
    /// <summary>Sets the headers of a stream; nothing is sent yet.</summary>
    public static SseBody Begin(HttpContext context, TimeProvider time)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache,no-store";
        context.Response.Headers["X-Accel-Buffering"] = "no";
        context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
        return new SseBody(context.Response, time);
    }

    /// <summary>Answers a message that gets no answer: a notification or a response.</summary>
    public static void Accepted(HttpContext context)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.ContentType = null;
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
    }

    /// <summary>Since 2026-07-28 some errors have an HTTP status of their own: as the first message they are the whole answer, in plain JSON.</summary>
    public static ValueTask StartModernAsync(HttpContext context, SseBody body, JsonRpcMessage? first)
    {
        if (first is not JsonRpcError error || Status(error.Error.Code) is not { } status)
        {
            return ValueTask.CompletedTask;
        }

        return new ValueTask(body.ReplaceAsync(
            () =>
            {
                context.Response.StatusCode = status;
                context.Response.ContentType = null;
                return McpFault.WriteAsync(context, error);
            },
            context.RequestAborted));
    }

    private static int? Status(int code) => (McpErrorCode)code switch
    {
        McpErrorCode.MethodNotFound => StatusCodes.Status404NotFound,
        McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability or McpErrorCode.UnsupportedProtocolVersion or McpErrorCode.InvalidRequest or McpErrorCode.ParseError =>
            StatusCodes.Status400BadRequest,
        _ => null,
    };
}
