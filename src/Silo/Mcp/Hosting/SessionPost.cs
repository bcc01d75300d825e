using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Store;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Letters between silos: a client behind a load balancer does not know which silo holds what a message is about.</summary>
internal sealed partial class SessionPost(SessionMail mail, TimeProvider time, ILogger<SessionPost> log)
{
    /// <summary>Bytes of a cancellation, which has nothing but the id.</summary>
    public const int LargestCancellation = 512;

    /// <summary>Bytes of a client's answer.</summary>
    public const int LargestAnswer = 64 * 1024;

    // Of one look, so that what one look holds is bounded: the rest comes with the next.
    private const int MostLetters = 100;

    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly HashSet<long> _seen = [];

    /// <summary>Tells every silo that a session has ended, for as long as its id would be taken.</summary>
    public Task EndAsync(SessionClaim claim, CancellationToken cancellationToken) => mail.PostAsync(claim.Nonce, null, claim.ExpiresAt - time.GetUtcNow(), cancellationToken);

    public Task<bool> HasEndedAsync(SessionClaim claim, CancellationToken cancellationToken) => mail.HasEndedAsync(claim.Nonce, cancellationToken);

    /// <summary>Passes a cancellation or an answer on to whichever silo holds what it is about; a fault when it is too large for that.</summary>
    public async Task<McpFault?> PassOnAsync(SessionClaim claim, JsonRpcMessage message, CancellationToken cancellationToken)
    {
        if (!mail.HasReaders)
        {
            return null;
        }

        var (body, fault) = Letter(message);
        if (body is not null)
        {
            await mail.PostAsync(claim.Nonce, body, Lifetime, cancellationToken);
        }

        return fault;
    }

    /// <summary>What is passed on of a message: of a cancellation the id alone, of an answer all, of others nothing.</summary>
    public static (string? Body, McpFault? Fault) Letter(JsonRpcMessage message)
    {
        var (passed, largest) = message switch
        {
            JsonRpcNotification { Method: NotificationMethods.CancelledNotification, Params: JsonObject { } about } =>
                (new JsonRpcNotification { Method = NotificationMethods.CancelledNotification, Params = new JsonObject { ["requestId"] = about["requestId"]?.DeepClone() } }, LargestCancellation),
            JsonRpcResponse or JsonRpcError => (message, LargestAnswer),
            _ => ((JsonRpcMessage?)null, 0),
        };
        if (passed is null)
        {
            return (null, null);
        }

        var body = JsonSerializer.Serialize(passed, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)));
        return Encoding.UTF8.GetByteCount(body) <= largest
            ? (body, null)
            : (null, new McpFault(StatusCodes.Status413PayloadTooLarge, McpErrorCode.InvalidRequest, $"Behind several silos a cancellation may have {LargestCancellation} bytes and an answer {LargestAnswer}. Use shorter ids, or answer with less."));
    }

    /// <summary>The letters that have come since the last call: by session, with the message or null for its end.</summary>
    public async Task<IReadOnlyList<(string Session, JsonRpcMessage? Message)>> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (!mail.HasReaders)
        {
            return [];
        }

        try
        {
            var recent = await mail.RecentAsync(cancellationToken);
            _seen.IntersectWith(recent);
            var fresh = recent.Where(id => !_seen.Contains(id)).Take(MostLetters).ToList();
            if (fresh.Count == 0)
            {
                return [];
            }

            var letters = await mail.ReadAsync(fresh, cancellationToken);
            _seen.UnionWith(fresh);
            return [.. letters.Select(l => (l.Session, Parse(l.Body)))];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogUnread(log, e.Message);
            return [];
        }
    }

    /// <summary>Silos without a common key do not take each other's sessions.</summary>
    public void WarnOfMissingKey()
    {
        if (mail.HasReaders)
        {
            LogNoKey(log);
        }
    }

    private static JsonRpcMessage? Parse(string? body) =>
        body is null ? null : (JsonRpcMessage?)JsonSerializer.Deserialize(body, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Actors:Silo:SessionKeyFile is not set: MCP sessions that begin here are not known to other silos, nor after a restart. Give all silos the same file, or let the load balancer keep sessions at one silo.")]
    private static partial void LogNoKey(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Letters of other silos cannot be read: {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
