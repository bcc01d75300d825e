using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>A message that is refused before any handler sees it.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">The JSON-RPC error code.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
internal sealed record McpFault(int Status, int Code, string Message)
{
    /// <summary>Code of a session that does not exist, as clients know it.</summary>
    public const int UnknownSession = -32001;

    public McpFault(int status, McpErrorCode code, string message)
        : this(status, (int)code, message)
    {
    }

    /// <summary>Id of the refused request; none when it is not known.</summary>
    public RequestId Id { get; init; }

    /// <summary>More for programs.</summary>
    public JsonObject? Details { get; init; }

    /// <summary>Seconds after which a repeat may succeed.</summary>
    public int? RetryAfter { get; init; }

    /// <summary>Answers with this fault.</summary>
    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        if (RetryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        return WriteAsync(context, new JsonRpcError { Id = Id, Error = new JsonRpcErrorDetail { Code = Code, Message = Message, Data = Details } });
    }

    /// <summary>Answers with a handler's error under the status that its code asks for.</summary>
    public static Task WriteAsync(HttpContext context, JsonRpcError error)
    {
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(error, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcError)), cancellationToken: context.RequestAborted);
    }
}
