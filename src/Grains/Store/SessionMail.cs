using Dapper;

namespace Actors.Grains.Store;

/// <summary>What one silo tells the others of an MCP session.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Session">Name of the session.</param>
/// <param name="Body">A message for the silo that holds what it is about; null when the session has ended.</param>
public sealed record SessionLetter(long Id, string Session, string? Body);

/// <summary>Letters between silos about MCP sessions: ends of sessions, and messages that reached another silo than the one they are for.</summary>
public sealed class SessionMail
{
    /// <summary>How far back <see cref="RecentAsync"/> looks: longer than a transaction takes.</summary>
    private const long Recent = 15_000;

    private const int MostRecent = 1000;

    private readonly ISqlDialect _dialect;

    internal SessionMail(ISqlDialect dialect) => _dialect = dialect;

    /// <summary>Whether there are other silos to tell.</summary>
    public bool HasReaders => !_dialect.HasOneMember;

    /// <summary>Posts a letter, kept before this returns; and removes those whose time is over.</summary>
    public Task PostAsync(string session, string? body, TimeSpan lifetime, CancellationToken cancellationToken) => Transient.RetryAsync(
        _dialect,
        () => _dialect.WriteAsync(
            async (c, t) =>
            {
                await c.ExecuteAsync("DELETE FROM session_mail WHERE expires_at <= (SELECT db_now())", transaction: t);
                return await c.ExecuteAsync(
                    "INSERT INTO session_mail (session, body, posted_at, expires_at) VALUES (@session, @body, db_now(), db_now() + @lifetime)",
                    new { session, body, lifetime = (long)lifetime.TotalMilliseconds },
                    t);
            },
            cancellationToken),
        cancellationToken);

    /// <summary>The numbers of the letters of the last seconds, at most the newest 1000, in order; the caller knows which it has read.</summary>
    public Task<IReadOnlyList<long>> RecentAsync(CancellationToken cancellationToken) => _dialect.ReadAsync<IReadOnlyList<long>>(
        async c => [.. (await c.QueryAsync<long>($"SELECT id FROM session_mail WHERE posted_at > (SELECT db_now()) - {Recent} ORDER BY id DESC LIMIT {MostRecent}")).Reverse()],
        cancellationToken);

    /// <summary>The letters of these numbers, in order.</summary>
    public Task<IReadOnlyList<SessionLetter>> ReadAsync(IReadOnlyCollection<long> ids, CancellationToken cancellationToken) => _dialect.ReadAsync<IReadOnlyList<SessionLetter>>(
        async c => [.. await c.QueryAsync<SessionLetter>($"SELECT id, session, body FROM session_mail WHERE id IN ({string.Join(',', ids)}) ORDER BY id")],
        cancellationToken);

    /// <summary>Whether the session has ended.</summary>
    public Task<bool> HasEndedAsync(string session, CancellationToken cancellationToken) => Transient.RetryAsync(
        _dialect,
        () => _dialect.ReadAsync(async c => await c.ExecuteScalarAsync<long>("SELECT count(*) FROM session_mail WHERE session = @session AND body IS NULL", new { session }) > 0, cancellationToken),
        cancellationToken);
}
