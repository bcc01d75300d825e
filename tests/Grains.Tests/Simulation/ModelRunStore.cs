using System.Collections.Immutable;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Simulation;

/// <summary>The contract of <see cref="IRunStore"/> in memory, as plainly as it can be said: one lock, one clock, immutable state.</summary>
internal sealed class ModelRunStore(TimeProvider time) : IRunStore
{
    private const int Remembered = 16;
    private readonly Lock _gate = new();
    private readonly List<ModelChange> _history = [];
    private readonly LinkedList<(ModelWorld World, int Changes)> _past = new();
    private readonly List<ModelChange> _lost = [];
    private ModelWorld _world = new();
    private long _commands;

    /// <summary>What happened so far, in order; read it when nothing runs.</summary>
    public IReadOnlyList<ModelChange> History => _history;

    /// <summary>What failovers undid.</summary>
    public IReadOnlyList<ModelChange> Lost => _lost;

    public ModelWorld World => _world;

    /// <summary>The database's clock.</summary>
    public TimeProvider Time { get; set; } = time;

    /// <summary>False lets anybody write: the fence is gone.</summary>
    public bool ChecksFence { get; set; } = true;

    /// <summary>By which leases are judged; another clock than the database's is a fault to be caught.</summary>
    public TimeProvider? LeaseTime { get; set; }

    private DateTimeOffset Now => Time.GetUtcNow();

    /// <summary>A failover to a standby that lags behind: the last changes are gone.</summary>
    public void FailOver(int lost)
    {
        lock (_gate)
        {
            var timeline = _world.Timeline + 1;
            var keep = _history.Count;
            for (; lost > 0 && _past.Last is { } last; lost--)
            {
                (_world, keep) = last.Value;
                _past.RemoveLast();
            }

            _lost.AddRange(_history.Skip(keep));
            _history.RemoveRange(keep, _history.Count - keep);
            _world = _world with { Timeline = timeline };
            _past.Clear();
            _history.Add(new WorldRewound(Now));
        }
    }

    public Task<InsertResult> InsertAsync(NewRun run, CancellationToken cancellationToken) => Do(() =>
    {
        var key = (run.State.Submitter, run.IdempotencyKey ?? "");
        if (run.IdempotencyKey is not null && _world.Keys.TryGetValue(key, out var id))
        {
            var earlier = _world.Runs[id];
            return new InsertResult(Public(earlier.Stored), Created: false, earlier.New.RequestHash);
        }

        if (run.Owner is { } owner && !_world.Silos.ContainsKey(owner))
        {
            throw new LostOwnershipException(run.State.RunId);
        }

        var owned = run.Owner is not null;
        var stored = new StoredRun(
            run.State, run.Definition.Id, run.Definition.Version, run.DefinitionHash, 1, owned ? 1 : 0, run.Trace.Count, run.Trace[^1].Hash, 0, owned ? 1 : 0, run.Owner);
        var world = _world.With(new ModelRun { New = run, Stored = stored, Trace = [.. run.Trace], DueAt = owned ? null : run.State.DueAt });
        Apply(
            world with
            {
                Keys = run.IdempotencyKey is null ? world.Keys : world.Keys.Add(key, run.State.RunId.Value),
                Definitions = world.Definitions.SetItem(run.DefinitionHash, run.Definition),
            },
            new RunInserted(Now, run.State.RunId));
        return new InsertResult(Public(stored), Created: true, run.RequestHash);
    });

    public Task<InsertResult?> FindAsync(string submitter, string idempotencyKey, CancellationToken cancellationToken) => Do(() =>
        _world.Keys.TryGetValue((submitter, idempotencyKey), out var id) ? new InsertResult(Public(_world.Runs[id].Stored), Created: false, _world.Runs[id].New.RequestHash) : null);

    public Task<StoredRun?> LoadAsync(RunId id, CancellationToken cancellationToken) => Do(() => Find(id) is { } run ? Public(run.Stored) : null);

    public Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken) =>
        Do(() => Find(id) is { } run ? new RunOwner(run.Stored.State.Submitter, run.Stored.WorkflowId) : null);

    public Task<IReadOnlyList<RunId>> ListUnfinishedAsync(string submitter, int most, CancellationToken cancellationToken) => Do<IReadOnlyList<RunId>>(() =>
        [.. _world.Runs.Values.Where(r => !r.IsDone && r.Stored.State.Submitter == submitter).Take(most).Select(r => r.Stored.State.RunId)]);

    public Task<IReadOnlyList<StoredRun>> ListAsync(RunFilter filter, RunId? before, int limit, CancellationToken cancellationToken) => Do<IReadOnlyList<StoredRun>>(() =>
        [.. _world.Runs.Values.Reverse()
            .Where(r => before is not { } b || string.CompareOrdinal(r.Id, b.Value) < 0)
            .Where(r => (filter.Submitter ?? r.Stored.State.Submitter) == r.Stored.State.Submitter
                && (filter.WorkflowId ?? r.Stored.WorkflowId) == r.Stored.WorkflowId
                && (filter.WorkflowIds?.Contains(r.Stored.WorkflowId, StringComparer.Ordinal) ?? true)
                && (filter.Status ?? r.Stored.State.Status) == r.Stored.State.Status)
            .Take(limit)
            .Select(r => Public(r.Stored))]);

    public Task<TracePage?> ReadTraceAsync(RunId id, long afterSeq, int limit, int bytes, CancellationToken cancellationToken) => Do(() =>
    {
        if (Find(id) is not { } run)
        {
            return null;
        }

        var page = new List<TraceEntry>();
        foreach (var entry in run.Trace.Where(e => e.Seq > afterSeq).Take(limit))
        {
            bytes -= entry.Data.GetRawText().Length;
            if (bytes < 0 && page.Count > 0)
            {
                break;
            }

            page.Add(entry);
        }

        return new TracePage(id.Value, page, run.Stored.TraceLength, run.IsDone);
    });

    public Task<WorkflowDefinition?> LoadDefinitionAsync(string hash, CancellationToken cancellationToken) => Do(() => _world.Definitions.GetValueOrDefault(hash));

    public Task<QueueDepth> MeasureQueueAsync(int most, int format, int maxPerSubmitter, CancellationToken cancellationToken) => Do(() =>
    {
        var waiting = _world.Runs.Values.Where(r => r.IsQueued).Take(most).ToList();
        var owned = _world.Runs.Values.Where(r => r.Stored.Owner is not null).CountBy(r => r.New.State.Submitter, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        var claimable = waiting.Where(r => r.New.Format <= format && owned.GetValueOrDefault(r.New.State.Submitter) < maxPerSubmitter);
        return new QueueDepth(waiting.Count, claimable.GroupBy(r => r.New.Priority).ToDictionary(g => g.Key, g => Now - g.Min(r => r.Stored.State.CreatedAt)));
    });

    public Task<SiloBeat> JoinAsync(SiloRecord silo, CancellationToken cancellationToken) => Do(() =>
    {
        Apply(_world with { Silos = _world.Silos.SetItem(silo.Id, silo with { StartedAt = Now, HeartbeatAt = Now }) });
        return new SiloBeat(Now, _world.Timeline);
    });

    public Task<SiloBeat?> BeatAsync(SiloId silo, CancellationToken cancellationToken) => Do(() =>
    {
        if (!_world.Silos.TryGetValue(silo, out var member))
        {
            return null;
        }

        // A lost beat is of no interest to a failover: not remembered.
        _world = _world with { Silos = _world.Silos.SetItem(silo, member with { HeartbeatAt = Now }) };
        return new SiloBeat(Now, _world.Timeline);
    });

    public Task LeaveAsync(SiloId silo, bool drained, CancellationToken cancellationToken) => Do(() =>
    {
        var world = _world with { Silos = _world.Silos.Remove(silo) };
        foreach (var run in _world.Runs.Values.Where(r => r.Stored.Owner == silo))
        {
            world = world.With(run.Freed(Now) with { Stored = run.Stored with { Owner = null, Strikes = Math.Max(0, run.Stored.Strikes - (drained ? 1 : 0)) } });
        }

        Apply(world, new SiloRemoved(Now, silo, null));
        return true;
    });

    public Task<int> EvictAsync(TimeSpan lease, CancellationToken cancellationToken) => Do(() =>
    {
        var over = _world.Silos.Values.Where(s => s.HeartbeatAt < (LeaseTime ?? Time).GetUtcNow() - lease).OrderBy(s => s.Id.Value).ToList();
        var world = _world with { Silos = _world.Silos.RemoveRange(over.Select(s => s.Id)) };
        var freed = world.Runs.Values.Where(r => r.Stored.Owner is { } owner && !world.Silos.ContainsKey(owner)).ToList();
        if (over.Count + freed.Count > 0)
        {
            Apply(freed.Aggregate(world, (w, r) => w.With(r.Freed(Now))), [.. over.Select(s => new SiloRemoved(Now, s.Id, s.HeartbeatAt))]);
        }

        return freed.Count;
    });

    public Task<IReadOnlyList<SiloRecord>> ListSilosAsync(CancellationToken cancellationToken) =>
        Do<IReadOnlyList<SiloRecord>>(() => [.. _world.Silos.Values.OrderBy(s => s.StartedAt).ThenBy(s => s.Id.Value)]);

    public Task<IReadOnlyList<ClaimedRun>> ClaimAsync(Claim claim, CancellationToken cancellationToken) => Do<IReadOnlyList<ClaimedRun>>(() =>
    {
        if (!_world.Silos.ContainsKey(claim.Silo) || (claim.Timeline ?? _world.Timeline) != _world.Timeline)
        {
            return [];
        }

        var chosen = ModelFairness.Choose(_world, claim, Now);
        var claimed = chosen.ConvertAll(r => r with
        {
            DueAt = null,
            Stored = r.Stored with { Owner = claim.Silo, Epoch = Math.Max(r.Stored.Epoch, claim.EpochFloor) + 1, Strikes = r.Stored.Strikes + 1 },
        });
        if (claimed.Count > 0)
        {
            Apply(claimed.Aggregate(_world, (w, r) => w.With(r)), [.. claimed.Select(r => new RunClaimed(Now, r.New.State.RunId, claim.Silo, r.Stored.Epoch))]);
        }

        return claimed.ConvertAll(r => new ClaimedRun(r.Stored, r.Inbox));
    });

    public Task<IReadOnlyList<OwnedRun>> ListOwnedAsync(SiloId silo, CancellationToken cancellationToken) => Do<IReadOnlyList<OwnedRun>>(() =>
        [.. _world.Runs.Values.Where(r => r.Stored.Owner == silo).Select(r => new OwnedRun(r.New.State.RunId, r.Stored.Epoch))]);

    public Task ReleaseAsync(SiloId silo, OwnedRun run, TimeSpan pause, CancellationToken cancellationToken) => Do(() =>
    {
        if (Find(run.Id) is { } found && found.Stored.Owner == silo && found.Stored.Epoch == run.Epoch)
        {
            Apply(_world.With(found.Freed(Now + pause)));
        }

        return true;
    });

    public Task CommitAsync(RunCommit commit, CancellationToken cancellationToken) => Do(() =>
    {
        Store(commit, commit.Trace);
        return true;
    });

    public Task<bool> PostAsync(RunId id, RunCommand command, CancellationToken cancellationToken) => Do(() =>
    {
        if (Find(id) is not { IsDone: false } run)
        {
            return false;
        }

        var posted = new PostedCommand(++_commands, id, command, Now);
        var after = run with { Stored = run.Stored with { Commands = run.Stored.Commands + 1 }, Inbox = run.Inbox.Add(posted) };
        Apply(_world.With(run.Stored.Owner is null ? after.Freed(Now) : after), new CommandPosted(Now, posted));
        return true;
    });

    public Task<IReadOnlyList<PostedCommand>> ReadInboxAsync(SiloId silo, RunId? id, CancellationToken cancellationToken) => Do<IReadOnlyList<PostedCommand>>(() =>
        [.. _world.Runs.Values.Where(r => r.Stored.Owner == silo && (id is not { } one || r.New.State.RunId == one)).SelectMany(r => r.Inbox).OrderBy(c => c.Id)]);

    public Task<int> MaintainAsync(TimeSpan retention, CancellationToken cancellationToken) => Do(() =>
    {
        var old = _world.Runs.Values.Where(r => r.IsDone && r.Stored.State.EndedAt < Now - retention).Select(r => r.Id).ToList();
        Apply(_world with { Runs = _world.Runs.RemoveRange(old), Keys = _world.Keys.RemoveRange(_world.Keys.Where(k => old.Contains(k.Value)).Select(k => k.Key)) });
        return old.Count;
    });

    /// <summary>Writes the state of a commit with those trace entries (all of them, unless a mutation splits the transaction).</summary>
    public void Store(RunCommit commit, IReadOnlyList<TraceEntry> trace)
    {
        var id = commit.State.RunId;
        var run = Find(id) ?? throw new LostOwnershipException(id);
        var fits = run.Stored.Owner == commit.Silo && run.Stored.Epoch == commit.Before.Epoch && run.Stored.Version == commit.Before.Version && !run.IsDone;
        if (ChecksFence && !fits)
        {
            throw new LostOwnershipException(id);
        }

        if (fits && run.Stored.Commands != commit.Before.Commands)
        {
            throw new CommandsWaitingException(id);
        }

        var inbox = run.Inbox.RemoveAll(c => commit.Consumed.Contains(c.Id));
        var done = commit.State.Status == RunStatus.Done;
        var released = done || commit.Release;
        var stored = run.Stored with
        {
            State = commit.State,
            Version = commit.Before.Version + 1,
            TraceLength = commit.Before.TraceLength + commit.Trace.Count,
            TraceHead = commit.Trace.Count > 0 ? commit.Trace[^1].Hash : run.Stored.TraceHead,
            Strikes = commit.Progress ? 0 : run.Stored.Strikes,
            Owner = released ? null : run.Stored.Owner,
        };
        var dueAt = done || !released ? null : inbox.Count > 0 ? Now : commit.State.DueAt;
        Apply(_world.With(run with { Stored = stored, Trace = run.Trace.AddRange(trace), Inbox = done ? [] : inbox, DueAt = dueAt }), new RunCommitted(Now, commit, stored));
    }

    /// <summary>The second half of a split transaction.</summary>
    public void AppendTrace(RunId id, IReadOnlyList<TraceEntry> trace) => Apply(_world.With(_world.Runs[id.Value] with { Trace = _world.Runs[id.Value].Trace.AddRange(trace) }));

    private static StoredRun Public(StoredRun run) =>
        run with { State = run.State with { Params = null, Steps = [.. run.State.Steps.Select(s => s with { Result = null })] } };

    private ModelRun? Find(RunId id) => _world.Runs.GetValueOrDefault(id.Value);

    private void Apply(ModelWorld world, params ModelChange[] changes)
    {
        _past.AddLast((_world, _history.Count));
        if (_past.Count > Remembered)
        {
            _past.RemoveFirst();
        }

        _world = world;
        _history.AddRange(changes);
    }

    private Task<T> Do<T>(Func<T> work)
    {
        try
        {
            lock (_gate)
            {
                return Task.FromResult(work());
            }
        }
        catch (Exception e)
        {
            return Task.FromException<T>(e);
        }
    }
}
