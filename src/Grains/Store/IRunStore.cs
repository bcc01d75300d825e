using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;

namespace Actors.Grains.Store;

/// <summary>The durable home of runs and of the silos that own them. Every implementation passes the same conformance suite. A method that returns has made its change durable.
/// Times are the database's; a predicate on time is decided by its clock alone.</summary>
internal interface IRunStore
{
    /// <summary>Inserts a run with its first trace entries; when the submitter used the idempotency key before, gives the run of that time instead and stores nothing.</summary>
    /// <exception cref="LostOwnershipException">The run was to be owned by a silo that is no member any more; nothing was stored.</exception>
    Task<InsertResult> InsertAsync(NewRun run, CancellationToken cancellationToken);

    /// <summary>The run that the submitter made with that idempotency key; null when there is none.</summary>
    Task<InsertResult?> FindAsync(string submitter, string idempotencyKey, CancellationToken cancellationToken);

    /// <summary>A run, finished or not, without its params and results; null when there is none.</summary>
    Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>Whose run it is; null when there is none. Costs about the same either way.</summary>
    Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken);

    /// <summary>At most <paramref name="most"/> of the submitter's runs that are not done.</summary>
    Task<IReadOnlyList<RunId>> ListUnfinishedAsync(string submitter, int most, CancellationToken cancellationToken);

    /// <summary>Runs by descending id, finished or not, without params and results. <paramref name="before"/> is where the page before ended.</summary>
    Task<IReadOnlyList<StoredRun>> ListAsync(RunFilter filter, RunId? before, int limit, CancellationToken cancellationToken);

    /// <summary>Trace entries in order, at most <paramref name="limit"/> and about <paramref name="bytes"/> of data, but at least one; null when there is no such run.</summary>
    Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken);

    /// <summary>The definition that a run was submitted with; null when unknown.</summary>
    Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken);

    /// <summary>How many runs wait for a slot, and how long those do that nothing but a slot is missing for. Looks at the oldest <paramref name="most"/> only.</summary>
    /// <param name="most">Runs to look at.</param>
    /// <param name="format">Runs of a higher one wait for another program.</param>
    /// <param name="maxPerSubmitter">Runs of a submitter that has so many owned wait for those.</param>
    /// <param name="cancellationToken">Stops it.</param>
    Task<QueueDepth> MeasureQueueAsync(int most, int format, int maxPerSubmitter, CancellationToken cancellationToken);

    /// <summary>Makes the silo a member. Where only one can exist (SQLite), every other one is evicted at once.</summary>
    Task<SiloBeat> JoinAsync(SiloRecord silo, CancellationToken cancellationToken);

    /// <summary>Renews the member's lease; null when it is no member any more: it owns nothing and must join as a new one.</summary>
    Task<SiloBeat?> BeatAsync(SiloId silo, CancellationToken cancellationToken);

    /// <summary>Removes the member and gives up what it owns, due at once. The strike of its claims is taken back when it was drained: only then is it known that none of them broke it.</summary>
    Task LeaveAsync(SiloId silo, bool drained, CancellationToken cancellationToken);

    /// <summary>Removes members whose last beat is older than <paramref name="lease"/>; their runs, and any without a living owner, become due at once. Gives how many runs that were.</summary>
    Task<int> EvictAsync(TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Members, the oldest first.</summary>
    Task<IReadOnlyList<SiloRecord>> ListSilosAsync(CancellationToken cancellationToken);

    /// <summary>Makes the silo the owner of at most <c>claim.Slots</c> runs: first those that are due (a queued one too) because a command waits for them or their deadline is over,
    /// then others that are due (a retry's pause is over, the owner went away), then queued ones; both by priority and in fair shares. Each gets a higher epoch and one strike, durable before its data is loaded:
    /// a run whose data cannot be loaded is left out and rests, with its strike. Empty when the silo is no member.</summary>
    Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Claim claim, CancellationToken cancellationToken);

    /// <summary>What the silo owns by the database: a claim whose answer was lost shows here alone.</summary>
    Task<IReadOnlyList<OwnedRun>> ListOwnedAsync(SiloId silo, CancellationToken cancellationToken);

    /// <summary>Gives an owned run up as it is stored, because its activation broke: due after the pause, its strike stays. Nothing happens unless the silo owns it by that epoch.</summary>
    Task ReleaseAsync(SiloId silo, OwnedRun run, TimeSpan pause, CancellationToken cancellationToken);

    /// <summary>Writes state, trace entries, values and reminder of one transition in one transaction, perhaps together with those of other runs.</summary>
    /// <exception cref="LostOwnershipException">The run's owner, epoch or version is not the expected one; nothing was written.</exception>
    /// <exception cref="CommandsWaitingException">Commands were posted that the commit has not seen; nothing was written. Read them and decide again.</exception>
    Task CommitAsync(RunCommit commit, CancellationToken cancellationToken);

    /// <summary>Puts a command into the inbox of an unfinished run; the run becomes due at once if nobody owns it. False when the run is finished or unknown.</summary>
    Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken);

    /// <summary>Commands that wait for one owned run, or (<paramref name="id"/> null) for all that the silo owns; in the order of posting.</summary>
    Task<IReadOnlyList<PostedCommand>> ReadInboxAsync(SiloId silo, RunId? id, CancellationToken cancellationToken);

    /// <summary>Housekeeping that any silo may do at any time: partitions ahead, finished runs older than <paramref name="retention"/> removed in small portions. Gives how many runs were removed.</summary>
    Task<int> MaintainAsync(TimeSpan retention, CancellationToken cancellationToken);
}

/// <summary>Hears that there may be work: a hint that saves a poll, never needed.</summary>
internal interface IWakeUps
{
    /// <summary>Ends when a hint came since the last call, or after <paramref name="most"/>.</summary>
    Task WaitAsync(TimeSpan most, CancellationToken cancellationToken);

    /// <summary>Hints to the other silos, at most a few times a second however often it is called.</summary>
    void Send();
}

/// <summary>One start of one silo process: a random UUID, never used twice, so that a restarted silo is another owner.</summary>
internal readonly record struct SiloId(Guid Value)
{
    public static SiloId New() => new(Guid.NewGuid());

    public override string ToString() => Value.ToString("D");
}

/// <summary>A member.</summary>
/// <param name="Name">For people: the host's name.</param>
/// <param name="Version">The program's.</param>
/// <param name="Format">Highest <see cref="NewRun.Format"/> that it understands.</param>
internal sealed record SiloRecord(SiloId Id, string Name, string Version, int Format, DateTimeOffset StartedAt, DateTimeOffset HeartbeatAt);

/// <summary>A lease was renewed.</summary>
/// <param name="Now">The database's clock.</param>
/// <param name="Timeline">Grows when the database failed over: what was acknowledged may be gone, so ownership must be given up.</param>
internal sealed record SiloBeat(DateTimeOffset Now, long Timeline);

/// <summary>A run to insert.</summary>
/// <param name="State">Its first state.</param>
/// <param name="Definition">What it runs; stored once per hash.</param>
/// <param name="DefinitionHash">Pinned to the run.</param>
/// <param name="IdempotencyKey">Unique per submitter, or null.</param>
/// <param name="RequestHash">Tells a repeated request from another one under the same key.</param>
/// <param name="Trace">Its first entries.</param>
/// <param name="Owner">The silo that starts it at once, with epoch 1 and one strike; null when it waits in the queue.</param>
internal sealed record NewRun(RunState State, WorkflowDefinition Definition, string DefinitionHash, string? IdempotencyKey, string RequestHash, IReadOnlyList<TraceEntry> Trace, SiloId? Owner)
{
    /// <summary>Format of state and definition; a silo that does not understand it must not claim the run.</summary>
    public int Format { get; init; } = RunState.CurrentFormat;

    /// <summary>Higher ones leave the queue first.</summary>
    public int Priority { get; init; }
}

/// <summary>What became of an insert.</summary>
/// <param name="Run">The run, new or earlier.</param>
/// <param name="Created">False when it is an earlier one.</param>
/// <param name="RequestHash">Of the request that created the run.</param>
internal sealed record InsertResult(StoredRun Run, bool Created, string RequestHash);

/// <summary>A run as stored.</summary>
/// <param name="Version">1 after the insert; plus 1 per commit.</param>
/// <param name="Epoch">0 in the queue; higher at each claim, even across a failover that lost acknowledged claims.</param>
/// <param name="TraceHead">Hash of the last entry.</param>
/// <param name="Commands">How many commands were ever posted.</param>
/// <param name="Strikes">Claims since the run last came forward.</param>
/// <param name="Owner">Null when nobody owns it.</param>
internal sealed record StoredRun(
    RunState State, string WorkflowId, string WorkflowVersion, string DefinitionHash, long Version, long Epoch, long TraceLength, string TraceHead, long Commands, int Strikes, SiloId? Owner);

/// <summary>What to list; null members match all. Each combination is read in the order of an index; a status but done is looked for among the unfinished runs of that order.</summary>
internal sealed record RunFilter(string? Submitter = null, string? WorkflowId = null, RunStatus? Status = null)
{
    /// <summary>Runs of any of these workflows.</summary>
    public IReadOnlyList<string>? WorkflowIds { get; init; }
}

/// <summary>The queue as it is.</summary>
/// <param name="Waiting">All that wait.</param>
/// <param name="Ages">By priority: how long the oldest run waits for a slot; of the others, which wait for something else, nothing.</param>
internal sealed record QueueDepth(int Waiting, IReadOnlyDictionary<int, TimeSpan> Ages)
{
    /// <summary>How long the oldest run waits that leaves the queue before a new one of that priority.</summary>
    public TimeSpan OldestAge(int priority = int.MinValue) => Ages.Where(a => a.Key >= priority).Select(a => a.Value).DefaultIfEmpty().Max();
}

/// <summary>A wish for work.</summary>
/// <param name="Silo">Who.</param>
/// <param name="Format">Highest format that it understands.</param>
/// <param name="Slots">Most runs in all.</param>
/// <param name="MaxPerSubmitter">Most runs of one submitter that are owned at once by all silos together (about: silos that claim at the same moment do not see each other); commands and deadlines are heard beyond it.</param>
/// <param name="EpochFloor">Epochs given are higher than this.</param>
internal sealed record Claim(SiloId Silo, int Format, int Slots, int MaxPerSubmitter, long EpochFloor)
{
    /// <summary>The timeline on which the silo joined; nothing is given on another. A silo that has not heard of a failover yet would get epochs that it had before, of claims that are gone. Null: any.</summary>
    public long? Timeline { get; init; }

    /// <summary>Most queued runs among them: the other slots are for runs that are due, so that a command is heard when every slot is taken.</summary>
    public int QueuedSlots { get; init; } = Slots;

    /// <summary>Runs with so many strikes are suspected to break whoever owns them.</summary>
    public int SuspectStrikes { get; init; } = int.MaxValue;

    /// <summary>Whether one suspect is taken too; never more, so that it breaks no other suspect with it.</summary>
    public bool TakesSuspect { get; init; }
}

/// <summary>A run that a silo owns, and by which epoch.</summary>
internal readonly record struct OwnedRun(RunId Id, long Epoch);

/// <summary>A claimed run, whole: with params and results, and the commands that wait for it.</summary>
internal sealed record ClaimedRun(StoredRun Run, IReadOnlyList<PostedCommand> Inbox);

/// <summary>One transition's writes.</summary>
/// <param name="Silo">The owner.</param>
/// <param name="Before">As claimed, or as committed last: holds the fence, and tells which values are stored already.</param>
/// <param name="State">The new state. When done, the run leaves the hot table.</param>
/// <param name="Trace">New entries, at least one unless <see cref="Release"/>.</param>
internal sealed record RunCommit(SiloId Silo, StoredRun Before, RunState State, IReadOnlyList<TraceEntry> Trace)
{
    /// <summary>Commands that the transition took in; they leave the inbox.</summary>
    public IReadOnlyList<long> Consumed { get; init; } = [];

    /// <summary>Gives the run up: it is due again at <see cref="RunState.DueAt"/>, or at once when a command waits.</summary>
    public bool Release { get; init; }

    /// <summary>The run came forward: strikes begin anew. False for a mere recovery.</summary>
    public bool Progress { get; init; } = true;
}

/// <summary>A wish of somebody outside. <see cref="Kind"/> and <see cref="Body"/> are read by the transitions.</summary>
/// <param name="Kind">Such as <c>cancel</c>.</param>
/// <param name="By">Who.</param>
/// <param name="Body">JSON text, small.</param>
internal sealed record RunCommand(string Kind, string By, string Body);

/// <summary>A command in an inbox.</summary>
internal sealed record PostedCommand(long Id, RunId Run, RunCommand Command, DateTimeOffset PostedAt);

/// <summary>Somebody else owns the run now: stop working on it and write nothing.</summary>
internal sealed class LostOwnershipException(RunId id) : Exception($"{id} is owned by another epoch now");

/// <summary>The run's inbox holds commands that the commit did not take in.</summary>
internal sealed class CommandsWaitingException(RunId id) : Exception($"commands wait for {id}");
