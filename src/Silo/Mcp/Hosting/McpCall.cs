using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>One request as the host sees it: handlers learn here why their cancellation token fired.</summary>
internal sealed class McpCall
{
    private const string Key = "actors.call";
    private readonly Lock _gate = new();
    private readonly List<IDisposable> _held = [];
    private bool _isOver;

    /// <summary>True before the token fires when the client gave the request up: <c>notifications/cancelled</c>, or since 2026-07-28 the closed response. False when the silo stops or a session ends.</summary>
    public bool IsCancelledByClient { get; private set; }

    /// <summary>Called before its answer is sent, and when its handler has ended without one; more than once does no harm.</summary>
    public Action? Ended { get; set; }

    /// <summary>Called when its handler has ended and the SDK sends no answer, as its client gave it up.</summary>
    public Action? Unanswered { get; set; }

    /// <summary>Whether a handler has it.</summary>
    public bool HasStarted { get; set; }

    /// <summary>The call that a handler works on; requests have one, notifications none.</summary>
    public static McpCall? Of(MessageContext context) => Of(context.Items);

    /// <summary>The call that was attached to a message.</summary>
    public static McpCall? Of(JsonRpcMessage message) => Of(message.Context?.Items);

    /// <summary>Makes the call of a message that is about to be handled.</summary>
    public static McpCall Attach(JsonRpcMessage message)
    {
        var call = new McpCall();
        message.Context!.Items ??= new Dictionary<string, object?>(StringComparer.Ordinal);
        message.Context.Items[Key] = call;
        return call;
    }

    /// <summary>Keeps something until the response is over, whether it was sent whole or not.</summary>
    public void Hold(IDisposable kept)
    {
        lock (_gate)
        {
            if (!_isOver)
            {
                _held.Add(kept);
                return;
            }
        }

        kept.Dispose();
    }

    /// <summary>The response is over.</summary>
    public void Over()
    {
        lock (_gate)
        {
            _isOver = true;
        }

        _held.ForEach(k => k.Dispose());
    }

    /// <summary>To be called before the handler's token is cancelled.</summary>
    public void CancelByClient() => IsCancelledByClient = true;

    private static McpCall? Of(IDictionary<string, object?>? items) => items?.TryGetValue(Key, out var call) == true ? call as McpCall : null;
}
