using System.Collections.Concurrent;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>All sandboxes of this runner. An id is used once: while it is here it names one sandbox, and after its removal a tombstone refuses it for a day.</summary>
internal sealed partial class SandboxRegistry(LaunchPlanner planner, IsolationProofs isolation, SandboxEgress egress, StateDirectory state, SessionServices services, ILogger<SandboxRegistry> logger) : IAsyncDisposable
{
    // Ended sandboxes wait for their owner with little more than a container's log.
    private const int EndedPerLive = 8;

    private readonly ConcurrentDictionary<string, Sandbox> _sandboxes = new(StringComparer.Ordinal);
    private readonly KeyedLock _locks = new();
    private int _launching;

    private ISandboxDriver Driver => services.Driver;

    private RunnerOptions Options => services.Options;

    private TimeProvider Time => services.Time;

    /// <summary>True once the sandboxes of an earlier process are found again.</summary>
    public bool IsRestored { get; private set; }

    /// <summary>Every sandbox that is known.</summary>
    public IReadOnlyCollection<Sandbox> All => [.. _sandboxes.Values];

    /// <summary>The sandbox, marked as asked for.</summary>
    /// <exception cref="RunnerProblem">404.</exception>
    public Sandbox Get(string id)
    {
        var sandbox = _sandboxes.GetValueOrDefault(id) ?? throw RunnerProblem.NotFound($"There is no sandbox '{id}'.");
        sandbox.Touch();
        return sandbox;
    }

    /// <summary>Launches a sandbox, or returns the one that the same body launched before.</summary>
    public async Task<(LaunchResponse Response, bool Created)> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        RequestRules.Check(request);
        using var held = await _locks.EnterAsync(request.Id, cancellationToken);
        if (_sandboxes.TryGetValue(request.Id, out var known))
        {
            known.Touch();
            known.CheckFence(request.Fence);
            return known.Launch.BodyHash == BodyHash.Of(request)
                ? (known.Launched(), false)
                : throw RunnerProblem.Conflict($"Sandbox '{request.Id}' was launched with another body; use a new id.");
        }

        if (state.IsRemoved(request.Id))
        {
            throw RunnerProblem.Ended(request.Id);
        }

        TakeSlot();
        try
        {
            var plan = await isolation.ProveAsync(await planner.PlanAsync(request, cancellationToken), cancellationToken);
            return ((await StartAsync(plan, cancellationToken)).Launched(), true);
        }
        finally
        {
            Interlocked.Decrement(ref _launching);
        }
    }

    /// <summary>Stops a sandbox, removes all it left and uses up its id, known or not. Gives the last that was seen of it; null when it is not known.</summary>
    public async Task<SandboxView?> DeleteAsync(string id, long? fence, CancellationToken cancellationToken)
    {
        using var held = await _locks.EnterAsync(id, cancellationToken);
        if (fence is { } given && _sandboxes.TryGetValue(id, out var fenced))
        {
            fenced.CheckFence(given);
        }

        // From here on nothing may stop half-way because the caller hung up.
        state.WriteTombstone(id, Time.GetUtcNow());
        return await RemoveAsync(id);
    }

    /// <summary>Lets go of all sandboxes; their containers run on.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var sandbox in _sandboxes.Values)
        {
            await sandbox.Session.DisposeAsync();
        }

        await egress.FinishAsync();
    }

    private async Task<SandboxView?> RemoveAsync(string id)
    {
        SandboxView? last;
        try
        {
            if (_sandboxes.TryGetValue(id, out var sandbox))
            {
                await sandbox.Session.EndAsync(SandboxPhase.Stopped, SandboxReasons.Stopped, "Stopped on request.");
                await sandbox.Session.DisposeAsync();
            }

            await Driver.StopAsync(id, CancellationToken.None);
            last = sandbox?.View();
            await egress.CloseAsync(id);
        }
        catch (SandboxException e)
        {
            throw RunnerProblem.EngineFailed(e.Message);
        }

        state.Journal(id).Remove();
        _sandboxes.TryRemove(id, out _);
        LogRemoved(id);
        return last;
    }

    private void TakeSlot()
    {
        var launching = Interlocked.Increment(ref _launching);
        var live = _sandboxes.Values.Count(s => !s.Session.State.HasEnded);
        if (live + launching > Options.MaxSandboxes || _sandboxes.Count + launching > Options.MaxSandboxes * (1 + EndedPerLive))
        {
            Interlocked.Decrement(ref _launching);
            throw RunnerProblem.Busy($"This runner holds {Options.MaxSandboxes} sandboxes already; wait, delete ended ones, or raise Actors:Runner:MaxSandboxes.");
        }
    }

    private async Task<Sandbox> StartAsync(LaunchPlan plan, CancellationToken cancellationToken)
    {
        var id = plan.Spec.Id;
        var journal = state.Journal(id);
        journal.WriteLaunch(plan.Record);
        journal.WriteFence(plan.Record.Request.Fence);
        try
        {
            await egress.OpenAsync(id, plan.Record.Egress, journal, cancellationToken);
            var status = await Driver.CreateAsync(plan.Spec, cancellationToken);
            var record = plan.Record with { PodName = status.PodName, Deadline = status.Deadline };
            journal.WriteLaunch(record);
            var connection = await Driver.AttachAsync(id, cancellationToken);
            var session = NewSession(id, journal, plan.Scrubber);
            var sandbox = new Sandbox(record, journal, session, egress, Time);
            session.Start(new ReconnectingConnection(Driver, id, connection, Time));
            _sandboxes[id] = sandbox;
            LogLaunched(id, record.Decision.Digest!, record.Runtime);
            return sandbox;
        }
        catch (SandboxException e)
        {
            LogLaunchFailed(id, e.Fault);
            await UndoAsync(id, journal);
            throw e.Fault == SandboxFault.RuntimeUnavailable
                ? RunnerProblem.Refused(plan.Record.Decision with { Admitted = false, Code = RefusalCodes.RuntimeUnavailable, Reason = e.Message })
                : RunnerProblem.EngineFailed(e.Message);
        }
        catch (Exception e) when (e is not RunnerProblem)
        {
            // A full disk, a caller that hung up: nothing may run that no journal and nobody knows of.
            LogLaunchBroken(e, id);
            await UndoAsync(id, journal);
            throw;
        }
    }

    private McpSession NewSession(string id, SandboxJournal journal, SecretScrubber scrubber) =>
        new(id, journal, scrubber, services) { Ended = () => egress.Cut(id) };

    private async Task UndoAsync(string id, SandboxJournal journal)
    {
        try
        {
            await Driver.StopAsync(id, CancellationToken.None);
            await egress.CloseAsync(id);
        }
        catch (SandboxException e)
        {
            // Without a journal the reaper takes it for an orphan; until then its id must not be used again.
            LogLaunchFailed(id, e.Fault);
            state.WriteTombstone(id, Time.GetUtcNow());
        }

        journal.Remove();
    }
}
