using System.Threading.Channels;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs.Membership;
using Actors.Grains.Store;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>One run in the memory of the silo that owns it: a mailbox, one reader, and the effects in flight. What waits in the mailbox is decided together and committed once; effects run beside.</summary>
/// <param name="claimed">As the store gave it.</param>
/// <param name="tenure">By which it is owned.</param>
internal sealed partial class RunActivation(ClaimedRun claimed, Tenure tenure, RunServices services, RunOptions options)
{
    // A shorter wait is not worth giving the run up.
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan StoreRest = TimeSpan.FromSeconds(1);
    private const int MostDoublings = 8;
    private const int EvidenceEntries = 200;
    private const int EvidenceBytes = 256 * 1024;

    // A command can come between reading the inbox and the commit; one that the inbox never shows is a fault.
    private const int MostLooks = 100;

    private readonly Channel<RunEvent> _mailbox = Channel.CreateUnbounded<RunEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly RunInbox _inbox = new(claimed.Inbox);
    private readonly EffectsInFlight _effects = new(claimed.Run.State.RunId, services);
    private StoredRun _run = claimed.Run;
    private IReadOnlyList<RunEffect> _wanted = [];
    private long _dueAt = (claimed.Run.State.DueAt ?? DateTimeOffset.MaxValue).UtcTicks;
    private int _look;

    public RunId Id { get; } = claimed.Run.State.RunId;

    public string Submitter => claimed.Run.State.Submitter;

    public OwnedRun Owned => new(Id, claimed.Run.Epoch);

    public Tenure Tenure => tenure;

    /// <summary>Something happened to it since it was claimed.</summary>
    public bool HasComeForward => Volatile.Read(ref _run).Strikes == 0;

    /// <summary>When its reminder fires; the host watches it.</summary>
    public DateTimeOffset DueAt => new(Volatile.Read(ref _dueAt), TimeSpan.Zero);

    /// <summary>How long it is left alone when it breaks: twice as long after each further claim without progress.</summary>
    public TimeSpan RestAfterFault => FirstRest * (1 << Math.Clamp(_run.Strikes - 1, 0, MostDoublings));

    /// <summary>The same when its ownership was lost: none at first, for the run is well; growing when that goes on without progress.</summary>
    public TimeSpan RestAfterLoss => _run.Strikes > 1 ? RestAfterFault : TimeSpan.Zero;

    /// <summary>Called after each commit that brought the reminder forward.</summary>
    public Action<DateTimeOffset>? OnDue { get; init; }

    /// <summary>Called after each turn: whether it does nothing now but keep sandboxes.</summary>
    public Action<RunActivation, bool>? OnRest { get; init; }

    /// <summary>Puts an event into the mailbox; it is lost when the activation ends before, and found again by the next one.</summary>
    public void Post(RunEvent @event) => _mailbox.Writer.TryWrite(@event);

    /// <summary>The inbox holds something, perhaps.</summary>
    public void Look()
    {
        // One reading serves all who asked meanwhile.
        if (Interlocked.Exchange(ref _look, 1) == 0)
        {
            Post(new Looked(services.Time.GetUtcNow()));
        }
    }

    /// <summary>Works on the run until it is done, waits without effects, or must be dropped.</summary>
    /// <param name="fresh">It was made by this silo a moment ago and runs nowhere yet.</param>
    /// <exception cref="LostOwnershipException">Another owner has it.</exception>
    /// <exception cref="OperationCanceledException">The tenure is over or the silo stops.</exception>
    public async Task RunAsync(bool fresh, CancellationToken stopping)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stopping, tenure.Over);
        try
        {
            // Before anything that may be what breaks it.
            if (_run.Strikes > options.MaxStrikes)
            {
                await QuarantineAsync(ends.Token);
                return;
            }

            var definition = await services.Definitions.GetAsync(_run.DefinitionHash, tenure.Over);
            _wanted = RunTransitions.Effects(definition, _run.State);
            Begin(definition, fresh, ends.Token);
            while (await _mailbox.Reader.WaitToReadAsync(ends.Token))
            {
                // What is being written at a stop is written.
                if (await TurnAsync(definition, tenure.Over))
                {
                    return;
                }

                _effects.Reconcile(definition, _run, _wanted, Post, ends.Token);
                OnRest?.Invoke(this, _wanted.All(e => e is KeepSandbox));
            }
        }
        finally
        {
            _mailbox.Writer.TryComplete();
            _effects.CancelAll();
        }
    }

    private void Begin(WorkflowDefinition definition, bool fresh, CancellationToken cancellationToken)
    {
        var now = services.Time.GetUtcNow();
        if (fresh)
        {
            _effects.Reconcile(definition, _run, _wanted, Post, cancellationToken);
            OnDue?.Invoke(DueAt);
            return;
        }

        if (_run.State.Status == RunStatus.Queued)
        {
            Post(new Started(now));
        }
        else if (_wanted.Count > 0)
        {
            Post(new Recovered(now, _run.Epoch, tenure.Silo.ToString()));
        }

        Post(new Looked(now));
        OnDue?.Invoke(DueAt);
    }

    /// <summary>Decides everything that waits and commits it. True when the run is done or given up.</summary>
    private async Task<bool> TurnAsync(WorkflowDefinition definition, CancellationToken cancellationToken)
    {
        var events = new List<RunEvent>();
        while (_mailbox.Reader.TryRead(out var @event))
        {
            events.Add(@event);
        }

        if (Interlocked.Exchange(ref _look, 0) == 1)
        {
            _inbox.Add(await services.Store.ReadInboxAsync(tenure.Silo, Id, cancellationToken));
        }

        return await CommitAsync(() => RunTurn.Decide(definition, _run.State, _wanted, _inbox.Waiting, events, services.Time.GetUtcNow()), cancellationToken);
    }

    private async Task QuarantineAsync(CancellationToken cancellationToken)
    {
        var quarantined = new Quarantined(services.Time.GetUtcNow(), _run.Strikes, await OwnersAsync(cancellationToken));
        await CommitAsync(() => RunTurn.Quarantine(_run.State, _inbox.Waiting, quarantined), tenure.Over);
    }

    /// <summary>Commits what is decided, with the commands that came until then.</summary>
    private async Task<bool> CommitAsync(Func<RunTurn> decide, CancellationToken cancellationToken)
    {
        for (var looks = 0; ; looks++)
        {
            try
            {
                return await CommitAsync(decide(), cancellationToken);
            }
            catch (CommandsWaitingException) when (looks < MostLooks)
            {
                if (!_inbox.Add(await services.Store.ReadInboxAsync(tenure.Silo, Id, cancellationToken)))
                {
                    throw new LostOwnershipException(Id);
                }
            }
            catch (StoreUnavailableException e)
            {
                // Not the run's fault: it costs no strike, and goes on when the store does.
                LogStoreFault(services.Log, Id.Value, e.Message);
                await Task.Delay(StoreRest, services.Time, cancellationToken);
            }
        }
    }

    private async Task<bool> CommitAsync(RunTurn turn, CancellationToken cancellationToken)
    {
        var done = turn.State.Status == RunStatus.Done;
        var release = !done && turn.Effects.Count == 0 && (turn.State.DueAt is not { } due || due - services.Time.GetUtcNow() > ShortWait);
        if (turn.Trace.Count == 0 && !release)
        {
            _wanted = turn.Effects;
            return false;
        }

        var state = services.Trace.Redact(turn.State);
        var entries = services.Trace.Append(Id, _run.TraceLength, _run.TraceHead, turn.Trace);
        tenure.ThrowIfOver();
        await services.Store.CommitAsync(
            new RunCommit(tenure.Silo, _run with { Commands = claimed.Run.Commands + _inbox.Later }, state, entries) { Consumed = _inbox.Ids, Release = release, Progress = turn.Progress || release },
            cancellationToken);
        services.Metrics.Commits.Add(1);
        _inbox.Clear();
        _wanted = turn.Effects;
        _run = _run with
        {
            State = state,
            Version = _run.Version + 1,
            TraceLength = _run.TraceLength + entries.Count,
            TraceHead = entries.Count > 0 ? entries[^1].Hash : _run.TraceHead,
            Strikes = turn.Progress ? 0 : _run.Strikes,
        };
        Remind(state.DueAt ?? DateTimeOffset.MaxValue);
        if (done || release)
        {
            // The host signals it when the slot is free: who hears of the end finds room for the next run.
            return true;
        }

        services.Pulse.Signal(Id);
        return false;
    }

    private void Remind(DateTimeOffset at)
    {
        if (Interlocked.Exchange(ref _dueAt, at.UtcTicks) != at.UtcTicks)
        {
            OnDue?.Invoke(at);
        }
    }

    /// <summary>Who had it last, for people who look for what broke them.</summary>
    private async Task<IReadOnlyList<string>> OwnersAsync(CancellationToken cancellationToken)
    {
        var page = await services.Store.ReadTraceAsync(Id, Math.Max(0, _run.TraceLength - EvidenceEntries), EvidenceEntries, EvidenceBytes, cancellationToken);
        return [.. (page?.Entries ?? [])
            .Where(e => e.Kind == TraceKinds.Recovered)
            .TakeLast(options.MaxStrikes)
            .Select(e => $"{TraceChain.Timestamp(e.At)} {e.Data.GetRawText()}")];
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{RunId} cannot be written, trying again: {Reason}")]
    private static partial void LogStoreFault(ILogger logger, string runId, string reason);
}
