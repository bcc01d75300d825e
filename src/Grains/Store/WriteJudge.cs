using Actors.Grains.Interfaces;
using Dapper;

namespace Actors.Grains.Store;

/// <summary>Says why a write was not taken, or that an earlier attempt without an answer was.</summary>
internal sealed class WriteJudge(ISqlDialect dialect)
{
    /// <summary>The write was taken.</summary>
    public static void Confirm(StoreWrite write)
    {
        if (write is InsertWrite insert)
        {
            insert.CompleteAsCreated();
        }
        else
        {
            ((CommitWrite)write).Complete();
        }
    }

    /// <summary>Answers a write whose fence did not hold.</summary>
    public Task ExplainAsync(StoreWrite write, CancellationToken cancellationToken) =>
        write is InsertWrite insert ? ExplainAsync(insert, cancellationToken) : ExplainAsync((CommitWrite)write, cancellationToken);

    private async Task ExplainAsync(InsertWrite write, CancellationToken cancellationToken)
    {
        var run = write.Run;
        var earlier = run.IdempotencyKey is null ? null : await FindAsync(run.State.Submitter, run.IdempotencyKey, cancellationToken);
        if (earlier is not null && earlier.Value.Id != write.Id.Value)
        {
            write.Complete(new InsertResult(earlier.Value.Run, Created: false, earlier.Value.RequestHash));
        }
        else if (earlier is not null || (write.IsUncertain && await ExistsAsync(write.Id, cancellationToken)))
        {
            write.CompleteAsCreated();
        }
        else
        {
            write.Fail(new LostOwnershipException(write.Id));
        }
    }

    private async Task ExplainAsync(CommitWrite write, CancellationToken cancellationToken)
    {
        var now = await dialect.ReadAsync(
            c => c.QuerySingleOrDefaultAsync<RunRow>($"{RunRow.Select} WHERE id = @id UNION ALL {RunRow.SelectFinished} WHERE id = @id", new { id = write.Id.Value }),
            cancellationToken);
        var before = write.Commit.Before;
        if (now is null)
        {
            write.Fail(new LostOwnershipException(write.Id));
        }
        else if (write.IsUncertain && now.Version == before.Version + 1 && now.TraceHead == write.Head && now.TraceLength == before.TraceLength + write.Trace.Count)
        {
            write.Complete();
        }
        else if (now.Owner == write.Commit.Silo.ToString() && now.Epoch == before.Epoch && now.Version == before.Version && now.Commands != before.Commands)
        {
            write.Fail(new CommandsWaitingException(write.Id));
        }
        else
        {
            write.Fail(new LostOwnershipException(write.Id));
        }
    }

    private Task<(string Id, string RequestHash, StoredRun Run)?> FindAsync(string submitter, string key, CancellationToken cancellationToken) => dialect.ReadAsync(
        async c =>
        {
            var row = await c.QuerySingleOrDefaultAsync<KeyRow>("SELECT run_id, request_hash FROM idempotency_keys WHERE submitter = @submitter AND idempotency_key = @key", new { submitter, key });
            var run = row is null
                ? null
                : await c.QuerySingleOrDefaultAsync<RunRow>($"{RunRow.Select} WHERE id = @RunId UNION ALL {RunRow.SelectFinished} WHERE id = @RunId", new { row.RunId });
            return run is null ? null : ((string, string, StoredRun)?)(row!.RunId, row.RequestHash, run.ToBareRun());
        },
        cancellationToken);

    private Task<bool> ExistsAsync(RunId id, CancellationToken cancellationToken) => dialect.ReadAsync(
        async c => await c.QuerySingleOrDefaultAsync<string>("SELECT id FROM runs WHERE id = @id UNION ALL SELECT id FROM finished_runs WHERE id = @id", new { id = id.Value }) is not null,
        cancellationToken);
}
