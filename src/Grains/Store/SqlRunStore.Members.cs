using Dapper;

namespace Actors.Grains.Store;

internal sealed partial class SqlRunStore
{
    // What a freed run needs: due at once.
    private const string Freed = "owner = NULL, due_at = (SELECT db_now())";

    private long _timeline;

    /// <summary>Blocks the calling thread, as the other methods for members do: a heartbeat's thread must not wait for the pool.</summary>
    public Task<SiloBeat> JoinAsync(SiloRecord silo, CancellationToken cancellationToken) => AsMember((c, t) =>
    {
        if (_dialect.HasOneMember)
        {
            c.Execute("DELETE FROM silos", transaction: t);
            c.Execute($"UPDATE runs SET {Freed} WHERE owner IS NOT NULL", transaction: t);
        }

        c.Execute(
            "INSERT INTO silos (id, name, version, format, started_at, heartbeat_at) VALUES (@id, @Name, @Version, @Format, db_now(), db_now()) ON CONFLICT (id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at",
            new { id = silo.Id.ToString(), silo.Name, silo.Version, silo.Format },
            t);
        return c.QuerySingle<BeatRow>($"SELECT db_now() AS now, {_dialect.Timeline} AS timeline", transaction: t).ToBeat();
    }, cancellationToken);

    public Task<SiloBeat?> BeatAsync(SiloId silo, CancellationToken cancellationToken) => AsMember((c, t) =>
    {
        var beat = c.QuerySingleOrDefault<BeatRow>(
            $"UPDATE silos SET heartbeat_at = db_now() WHERE id = @id RETURNING heartbeat_at AS now, {_dialect.Timeline} AS timeline",
            new { id = silo.ToString() },
            t)?.ToBeat();
        if (beat is not null && Interlocked.Exchange(ref _timeline, beat.Timeline) != beat.Timeline)
        {
            _dialect.Forget();
        }

        return beat;
    }, cancellationToken);

    public Task LeaveAsync(SiloId silo, bool drained, CancellationToken cancellationToken) => AsMember((c, t) =>
    {
        // The member first: whoever claims in its name at this moment waits for this row, and then finds it gone.
        c.Execute("DELETE FROM silos WHERE id = @id", new { id = silo.ToString() }, t);
        return c.Execute($"UPDATE runs SET {Freed}, strikes = strikes - CASE WHEN @drained AND strikes > 0 THEN 1 ELSE 0 END WHERE owner = @id", new { id = silo.ToString(), drained }, t);
    }, cancellationToken);

    // Not on the heartbeats' connection, and without waiting for a member that was paused in the middle of a claim: the next round finds it.
    public Task<int> EvictAsync(TimeSpan lease, CancellationToken cancellationToken) => WriteAsync(
        async (c, t) =>
        {
            await c.ExecuteAsync(
                $"DELETE FROM silos WHERE id IN (SELECT id FROM silos WHERE heartbeat_at < (SELECT db_now()) - @lease {_dialect.TakeFreeRows})", new { lease = (long)lease.TotalMilliseconds }, t);
            return await c.ExecuteAsync($"UPDATE runs SET {Freed} WHERE owner IS NOT NULL AND owner NOT IN (SELECT id FROM silos)", transaction: t);
        },
        cancellationToken);

    public Task<IReadOnlyList<SiloRecord>> ListSilosAsync(CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<SiloRecord>>(
        async c => [.. (await c.QueryAsync<SiloRow>("SELECT id, name, version, format, started_at, heartbeat_at FROM silos ORDER BY started_at, id")).Select(r => r.ToRecord())],
        cancellationToken);

    private Task<T> AsMember<T>(Func<System.Data.Common.DbConnection, System.Data.Common.DbTransaction, T> work, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Task.FromResult(_dialect.WriteAsMember(work));
        }
        catch (Exception e)
        {
            return e is OperationCanceledException ? Task.FromCanceled<T>(cancellationToken) : Task.FromException<T>(e);
        }
    }
}
