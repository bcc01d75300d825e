using System.Text.Json;
using Actors.Grains.Store;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Letters between silos: a client behind a load balancer does not know which silo holds what a message is about.</summary>
internal sealed partial class SessionPost(SessionMail mail, TimeProvider time, ILogger<SessionPost> log)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);
    private readonly HashSet<long> _seen = [];

    /// <summary>Tells every silo that a session has ended, for as long as its id would be taken.</summary>
    public Task EndAsync(SessionClaim claim, CancellationToken cancellationToken) => mail.PostAsync(claim.Nonce, null, claim.ExpiresAt - time.GetUtcNow(), cancellationToken);

    public Task<bool> HasEndedAsync(SessionClaim claim, CancellationToken cancellationToken) => mail.HasEndedAsync(claim.Nonce, cancellationToken);

    /// <summary>Passes a message on to whichever silo holds what it is about.</summary>
    public Task PassOnAsync(SessionClaim claim, JsonRpcMessage message, CancellationToken cancellationToken) => mail.HasReaders
        ? mail.PostAsync(claim.Nonce, JsonSerializer.Serialize(message, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage))), Lifetime, cancellationToken)
        : Task.CompletedTask;

    /// <summary>The letters that have come since the last call: by session, with the message or null for its end.</summary>
    public async Task<IReadOnlyList<(string Session, JsonRpcMessage? Message)>> ReceiveAsync(CancellationToken cancellationToken)
    {
        if (!mail.HasReaders)
        {
            return [];
        }

        try
        {
            var letters = await mail.ReadAsync(cancellationToken);
            var fresh = letters.Where(l => _seen.Add(l.Id)).ToList();
            _seen.IntersectWith(letters.Select(l => l.Id));
            return [.. fresh.Select(l => (l.Session, Parse(l.Body)))];
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogUnread(log, e.Message);
            return [];
        }
    }

    private static JsonRpcMessage? Parse(string? body) =>
        body is null ? null : (JsonRpcMessage?)JsonSerializer.Deserialize(body, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)));

    [LoggerMessage(Level = LogLevel.Warning, Message = "Letters of other silos cannot be read: {Reason}")]
    private static partial void LogUnread(ILogger logger, string reason);
}
