using Actors.Grains.Interfaces;
using Dapper;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Grains.Store;

/// <summary>Runs in an SQL database: the same statements for SQLite and PostgreSQL, with what differs behind <see cref="ISqlDialect"/>.</summary>
internal sealed partial class SqlRunStore : IRunStore, IAsyncDisposable
{
    private readonly ISqlDialect _dialect;
    private readonly WriteJudge _judge;
    private readonly GroupCommit _commits;
    private readonly ILogger _log;
    private readonly long _mostLoaded;

    static SqlRunStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    public SqlRunStore(ISqlDialect dialect, ILogger? log = null, long mostLoaded = MostLoaded)
    {
        _dialect = dialect;
        _log = log ?? NullLogger.Instance;
        _mostLoaded = mostLoaded;
        _judge = new WriteJudge(dialect);
        _commits = new GroupCommit(dialect, _judge);
    }

    public async Task<InsertResult> InsertAsync(NewRun run, CancellationToken cancellationToken)
    {
        StorableText.Check(run.State.RunId, run.State.Submitter, run.IdempotencyKey, run.Definition.Id, run.Definition.Version);
        var write = new InsertWrite(run);
        await _commits.RunAsync(write, write.Answer, cancellationToken);
        return await write.Answer;
    }

    public Task<InsertResult?> FindAsync(string submitter, string idempotencyKey, CancellationToken cancellationToken) =>
        Transient.RetryAsync(_dialect, () => _judge.FindAsync(submitter, idempotencyKey, cancellationToken), cancellationToken);

    public Task CommitAsync(RunCommit commit, CancellationToken cancellationToken)
    {
        var write = new CommitWrite(commit);
        return _commits.RunAsync(write, write.Answer, cancellationToken);
    }

    public Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken)
    {
        StorableText.Check(id, command.Kind, command.By, command.Body);
        return WriteAsync(
            async (c, t) =>
            {
                // The row's lock first: then the order of ids is the order in which the run counts its commands.
                var found = await c.ExecuteAsync(
                    """
                    UPDATE runs SET commands = commands + 1,
                      due_at = CASE WHEN owner IS NULL AND due_at > (SELECT db_now()) THEN (SELECT db_now()) ELSE due_at END
                    WHERE id = @id
                    """,
                    new { id = id.Value },
                    t);
                if (found == 0)
                {
                    return false;
                }

                await c.ExecuteAsync(
                    "INSERT INTO inbox (run_id, kind, sender, body, posted_at) VALUES (@id, @Kind, @By, @Body, db_now())",
                    new { id = id.Value, command.Kind, command.By, command.Body },
                    t);
                return true;
            },
            cancellationToken);
    }

    public Task<IReadOnlyList<PostedCommand>> ReadInboxAsync(SiloId silo, RunId? id, CancellationToken cancellationToken) => ReadAsync<IReadOnlyList<PostedCommand>>(
        async c =>
        {
            var one = id is null ? "" : "AND r.id = @id";
            var rows = await c.QueryAsync<InboxRow>(
                $"SELECT i.id, i.run_id, i.kind, i.sender, i.body, i.posted_at FROM runs r JOIN inbox i ON i.run_id = r.id WHERE r.owner = @silo {one} ORDER BY i.id",
                new { silo = silo.ToString(), id = id?.Value });
            return [.. rows.Select(r => r.ToCommand())];
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _commits.DisposeAsync();
        await _dialect.DisposeAsync();
    }

    private Task<T> ReadAsync<T>(Func<System.Data.Common.DbConnection, Task<T>> work, CancellationToken cancellationToken) =>
        Transient.RetryAsync(_dialect, () => _dialect.ReadAsync(work, cancellationToken), cancellationToken);

    private Task<T> WriteAsync<T>(Func<System.Data.Common.DbConnection, System.Data.Common.DbTransaction, Task<T>> work, CancellationToken cancellationToken) =>
        Transient.RetryAsync(_dialect, () => _dialect.WriteAsync(work, cancellationToken), cancellationToken);
}
