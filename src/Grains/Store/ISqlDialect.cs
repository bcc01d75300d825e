using System.Data.Common;

namespace Actors.Grains.Store;

/// <summary>What differs between the databases: connections, locks, batches. Everything else is SQL that both understand; both know <c>db_now()</c>, milliseconds since 1970.</summary>
internal interface ISqlDialect : IAsyncDisposable
{
    /// <summary>Which runs are due and may be taken.</summary>
    const string IsDue = "owner IS NULL AND due_at <= (SELECT db_now()) AND format <= @format AND strikes < @suspect";

    /// <summary>What is asked of a due run. Urgent are commands, and deadlines that are over (unknown ones too).</summary>
    const string DueColumns = "id, submitter, workflow_id, priority, due_at AS since, (coalesce(deadline, 0) <= (SELECT db_now()) OR EXISTS (SELECT 1 FROM inbox i WHERE i.run_id = runs.id)) AS is_urgent";

    /// <summary>How many transactions of transitions may be under way at once.</summary>
    int BatchesInFlight { get; }

    /// <summary>Whether a new member takes the place of all others.</summary>
    bool HasOneMember { get; }

    /// <summary>Ends a SELECT: the rows must stay until this transaction ends.</summary>
    string KeepRows { get; }

    /// <summary>Ends a SELECT: locks the rows and leaves out those that others have locked.</summary>
    string TakeFreeRows { get; }

    /// <summary>An expression: grows at each failover of the database.</summary>
    string Timeline { get; }

    /// <summary>A query: the first <c>@most</c> waiting runs of each submitter and workflow in <c>@submitters</c> and <c>@workflows</c>, as id, submitter, workflow_id, priority.</summary>
    string QueueHeads { get; }

    /// <summary>A query: of each submitter in <c>@submitters</c> the <c>@most</c> runs that are due longest, with <see cref="DueColumns"/>.</summary>
    string DueHeads { get; }

    /// <summary>The workflow of which <see cref="FirstOfEach"/> reads.</summary>
    string Each { get; }

    /// <summary>A query: what <paramref name="select"/> gives for each workflow in <c>@workflows</c>, of each at most <c>@limit</c> rows.</summary>
    /// <param name="select">Columns and table.</param>
    /// <param name="table">The table again.</param>
    /// <param name="condition">Which rows, said by <see cref="Each"/>, and in which order.</param>
    string FirstOfEach(string select, string table, string condition);

    /// <summary>A condition's right side: one of the list that <see cref="List"/> made a parameter of.</summary>
    string Among(string parameter);

    /// <summary>A list as a parameter.</summary>
    object List(IEnumerable<string> values);

    /// <summary>Reads on a pooled connection.</summary>
    Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Writes in one transaction.</summary>
    Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, Task<T>> work, CancellationToken cancellationToken);

    /// <summary>Writes in one transaction on a connection of its own and on the calling thread, so that a starved pool of connections or threads cannot stop a heartbeat.</summary>
    T WriteAsMember<T>(Func<DbConnection, DbTransaction, T> work);

    /// <summary>Writes a batch in one transaction. Gives those whose fence held; of the others nothing was written.</summary>
    Task<IReadOnlySet<StoreWrite>> WriteAsync(WriteBatch batch, CancellationToken cancellationToken);

    /// <summary>The same again may succeed: the connection broke, the server restarts, a lock was not free, the disk is full.</summary>
    bool IsTransient(Exception fault);

    /// <summary>A statement took longer than it may.</summary>
    bool IsTimeout(Exception fault);

    /// <summary>It is the data of one write that the database does not take, and would not take again.</summary>
    bool RefusesData(Exception fault);

    /// <summary>Housekeeping of its own, such as partitions. Gives how many finished runs it removed that ended before <paramref name="cutoff"/> (milliseconds).</summary>
    Task<int> MaintainAsync(long cutoff, CancellationToken cancellationToken);

    /// <summary>What is known to be stored may be gone: the database failed over.</summary>
    void Forget();
}
