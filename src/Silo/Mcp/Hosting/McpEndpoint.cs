using Actors.Silo.Access;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>MCP over Streamable HTTP at <c>/mcp</c>, for clients of every version: sessions for those that begin with <c>initialize</c>, none since 2026-07-28.</summary>
internal sealed class McpEndpoint(McpServers servers, StatelessPost stateless, SessionRequests sessions, CallsInFlight calls, TimeProvider time)
{
    private const string Path = "/mcp";

    public static void Map(WebApplication app)
    {
        app.MapPost(Path, (HttpContext context, McpEndpoint endpoint) => endpoint.PostAsync(context));
        app.MapGet(Path, (HttpContext context, McpEndpoint endpoint) => endpoint.GetAsync(context));
        app.MapDelete(Path, (HttpContext context, McpEndpoint endpoint) => endpoint.DeleteAsync(context));
    }

    private async Task PostAsync(HttpContext context)
    {
        if (RequestChecks.Post(context.Request) is { } unacceptable)
        {
            await unacceptable.WriteAsync(context);
            return;
        }

        var (message, fault) = await MessageReader.ReadAsync(context, time);
        fault ??= RequestChecks.Version(context.Request, message);
        if (fault is not null)
        {
            await fault.WriteAsync(context);
            return;
        }

        message!.Context = new JsonRpcMessageContext { ProtocolVersion = ProtocolEra.Header(context.Request), User = context.User };

        // What is no request gets no answer and is over at once; a cancellation must always get in.
        using var place = message is JsonRpcRequest ? Enter(context) : null;
        if (place is null && message is JsonRpcRequest refused)
        {
            await (calls.Refusal with { Id = refused.Id }).WriteAsync(context);
            return;
        }

        await (ProtocolEra.IsModern(context.Request, message) ? ModernAsync(context, message) : InitializeEraAsync(context, message, place));
    }

    private CallerPlaces.Place? Enter(HttpContext context) => calls.TryEnter(Caller.Of(context.User).Subject);

    private Task ModernAsync(HttpContext context, JsonRpcMessage message) =>
        ModernChecks.Of(context.Request, message, servers.Options) is { } fault ? fault.WriteAsync(context) : stateless.HandleAsync(context, message, modern: true);

    private Task InitializeEraAsync(HttpContext context, JsonRpcMessage message, CallerPlaces.Place? place) => (message, ProtocolEra.SessionId(context.Request)) switch
    {
        (JsonRpcRequest { Method: RequestMethods.Initialize } request, _) => sessions.InitializeAsync(context, request, place!),
        (_, { } id) => sessions.PostAsync(context, id, message, place),
        _ => stateless.HandleAsync(context, message, modern: false),
    };

    private async Task GetAsync(HttpContext context)
    {
        if (SessionOf(context) is not { } id)
        {
            await NoSessionAsync(context);
            return;
        }

        using var place = Enter(context);
        var fault = RequestChecks.Get(context.Request) ?? (place is null ? calls.Refusal : null);
        await (fault is null ? sessions.GetAsync(context, id) : fault.WriteAsync(context));
    }

    private Task DeleteAsync(HttpContext context) => SessionOf(context) is { } id ? sessions.DeleteAsync(context, id) : NoSessionAsync(context);

    private static string? SessionOf(HttpContext context) => ProtocolEra.Header(context.Request) == ProtocolEra.Modern ? null : ProtocolEra.SessionId(context.Request);

    private static Task NoSessionAsync(HttpContext context)
    {
        context.Response.Headers.Allow = "POST";
        return new McpFault(StatusCodes.Status405MethodNotAllowed, McpErrorCode.InvalidRequest, $"Without the header {McpHeaders.SessionId} there is only POST.").WriteAsync(context);
    }
}
