using System.Threading.Channels;
using Actors.Grains.Interfaces;
using Actors.Grains.Runner;
using Actors.Grains.Store;
using Actors.Grains.Tracing;
using Actors.Grains.Workflows;
using Microsoft.Extensions.Logging;

namespace Actors.Grains.Runs;

/// <summary>What an activation works with.</summary>
internal sealed record RunServices(IRunStore Store, EffectPerformer Effects, TraceWriter Trace, RunPulse Pulse, TimeProvider Time, ILogger Log);

/// <summary>One run in the memory of the silo that owns it: a mailbox, one reader, and the effects in flight. Events are decided one after the other; effects run beside.</summary>
internal sealed partial class RunActivation(RunId id, RunServices services)
{
    private readonly Channel<Mail> _mailbox = Channel.CreateUnbounded<Mail>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, CancellationTokenSource> _inFlight = new(StringComparer.Ordinal);

    public RunId Id { get; } = id;

    /// <summary>Puts an event into the mailbox. The task ends once what follows from it is durable, or is cancelled when this activation ends first.</summary>
    public Task PostAsync(RunEvent @event)
    {
        var mail = new Mail(@event, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_mailbox.Writer.TryWrite(mail))
        {
            mail.Durable.SetCanceled();
        }

        return mail.Durable.Task;
    }

    /// <summary>Owns the run until it is done or the silo stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await services.Store.ClaimAsync(Id, cancellationToken) is not { } run || run.State.Status == RunStatus.Done)
            {
                return;
            }

            var definition = await services.Store.LoadDefinitionAsync(run.DefinitionHash, cancellationToken)
                ?? throw new InvalidOperationException($"the definition {run.DefinitionHash} of {Id} is missing");
            if (run.State.Status != RunStatus.Queued)
            {
                _ = PostAsync(new Recovered(services.Time.GetUtcNow(), run.Epoch));
            }

            while (run.State.Status != RunStatus.Done)
            {
                await _mailbox.Reader.WaitToReadAsync(cancellationToken);
                run = await TurnAsync(definition, run, cancellationToken);
            }
        }
        finally
        {
            Close();
        }
    }

    /// <summary>Decides everything that waits in the mailbox, commits once, then performs what follows.</summary>
    private async Task<StoredRun> TurnAsync(WorkflowDefinition definition, StoredRun run, CancellationToken cancellationToken)
    {
        var mails = new List<Mail>();
        var drafts = new List<TraceDraft>();
        var state = run.State;
        IReadOnlyList<RunEffect> wanted = [];
        try
        {
            while (_mailbox.Reader.TryRead(out var mail))
            {
                mails.Add(mail);
                var transition = RunTransitions.Decide(definition, state, mail.Event);
                state = transition.State;
                wanted = transition.Effects;
                drafts.AddRange(transition.Trace);
            }

            if (drafts.Count > 0)
            {
                run = await CommitAsync(run, state, drafts, cancellationToken);
            }
        }
        catch
        {
            // Who waits for one of these hears that it was not taken, and may post it again.
            mails.ForEach(m => m.Durable.TrySetCanceled(CancellationToken.None));
            throw;
        }

        mails.ForEach(m => m.Durable.TrySetResult());
        Reconcile(definition, run, wanted, cancellationToken);
        return run;
    }

    private async Task<StoredRun> CommitAsync(StoredRun run, RunState state, List<TraceDraft> drafts, CancellationToken cancellationToken)
    {
        state = services.Trace.Redact(state);
        var entries = services.Trace.Append(Id, run.TraceLength, run.TraceHead, drafts);
        await services.Store.CommitAsync(new RunCommit(state, run.Epoch, run.Version, entries), cancellationToken);
        services.Pulse.Signal(Id);
        return run with { State = state, Version = run.Version + 1, TraceLength = run.TraceLength + entries.Count, TraceHead = entries[^1].Hash };
    }

    /// <summary>Starts effects that the state asks for and cancels those that it no longer asks for.</summary>
    private void Reconcile(WorkflowDefinition definition, StoredRun run, IReadOnlyList<RunEffect> wanted, CancellationToken cancellationToken)
    {
        foreach (var name in _inFlight.Keys.Except(wanted.Select(e => e.Name), StringComparer.Ordinal).ToList())
        {
            _inFlight.Remove(name, out var stop);
            Cancel(stop!);
        }

        foreach (var effect in wanted.Where(e => !_inFlight.ContainsKey(e.Name)))
        {
            var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _inFlight.Add(effect.Name, stop);
            _ = PerformAsync(definition, run, effect, stop);
        }
    }

    private async Task PerformAsync(WorkflowDefinition definition, StoredRun run, RunEffect effect, CancellationTokenSource stop)
    {
        try
        {
            _ = PostAsync(await services.Effects.PerformAsync(Id, definition, run.State, effect, run.Epoch, stop.Token));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The state does not ask for it any more, or the silo stops: the next owner finds it again in the state.
        }
        catch (Exception e)
        {
            // Without an event the run would wait for nothing.
            LogEffectFault(services.Log, e, Id.Value, effect.Name);
            var error = e is RunnerException known ? new RunError(known.Code, known.Message) : new RunError("internal_error", $"A fault of the silo's own during '{effect.Name}'; its log tells more.");
            _ = PostAsync(new EffectFailed(services.Time.GetUtcNow(), effect.Name, error));
        }
        finally
        {
            stop.Dispose();
        }
    }

    private void Close()
    {
        _mailbox.Writer.TryComplete();
        foreach (var stop in _inFlight.Values)
        {
            Cancel(stop);
        }

        while (_mailbox.Reader.TryRead(out var mail))
        {
            mail.Durable.TrySetCanceled();
        }
    }

    private static void Cancel(CancellationTokenSource stop)
    {
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The effect ended by itself.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{RunId}: effect '{Effect}' failed")]
    private static partial void LogEffectFault(ILogger logger, Exception exception, string runId, string effect);

    private sealed record Mail(RunEvent Event, TaskCompletionSource Durable);
}
