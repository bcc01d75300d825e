using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <content>Finds the sandboxes of an earlier process again: the journal says what was sent, the container's output what was answered.</content>
internal sealed partial class SandboxRegistry
{
    private const int MostReattaching = 16;

    private readonly SemaphoreSlim _reattaching = new(MostReattaching);

    /// <summary>Joins journals and containers; each is attached in the background. After an engine's failure it can be called again.</summary>
    /// <exception cref="SandboxException">The engine does not answer.</exception>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        var containers = (await Driver.ListAsync(cancellationToken)).ToDictionary(c => c.Id, StringComparer.Ordinal);
        foreach (var id in state.ListIds().Where(id => !_sandboxes.ContainsKey(id)))
        {
            var journal = state.Journal(id);
            if (state.IsRemoved(id) || ReadLaunch(id, journal) is not { } launch)
            {
                // A removal that a crash cut short, or a journal that can't be trusted.
                state.WriteTombstone(id, Time.GetUtcNow());
                await Driver.StopAsync(id, cancellationToken);
                await egress.CloseAsync(id);
                journal.Remove();
                continue;
            }

            _sandboxes[id] = await RestoreAsync(launch, journal, containers.GetValueOrDefault(id), cancellationToken);
        }

        IsRestored = true;
        LogRestored(_sandboxes.Count, containers.Count);
    }

    private async Task<Sandbox> RestoreAsync(LaunchRecord launch, SandboxJournal journal, SandboxStatus? container, CancellationToken cancellationToken)
    {
        var id = launch.Request.Id;
        var scrubber = planner.Rescrub(launch);
        var session = NewSession(id, journal, scrubber ?? SecretScrubber.None);
        egress.Restore(id, launch.Egress, journal);
        session.Calls.Restore();
        if (journal.End is { } end)
        {
            session.Conclude(end.Phase, end.ReasonCode, end.Reason, null, null);
            await StopLeftoverAsync(container, cancellationToken);
        }
        else if (container is null)
        {
            session.Conclude(SandboxPhase.Failed, SandboxReasons.SandboxLost, "The container is gone and nobody saw it end.", null, null);
        }
        else if (scrubber is null)
        {
            await session.EndAsync(SandboxPhase.Failed, SandboxReasons.SandboxLost, "A secret of the sandbox changed while the runner was down, so its output can't be redacted; it was stopped.");
        }
        else
        {
            session.Resume(token => ReattachAsync(id, token));
        }

        var named = container is null ? launch : launch with { PodName = container.PodName, Deadline = container.Deadline };
        return new Sandbox(named, journal, session, egress, Time);
    }

    // Some engines start a process for each.
    private async Task<ISandboxConnection> ReattachAsync(string id, CancellationToken cancellationToken)
    {
        await _reattaching.WaitAsync(cancellationToken);
        try
        {
            return new ReconnectingConnection(Driver, id, await Driver.AttachAsync(id, cancellationToken), Time);
        }
        finally
        {
            _reattaching.Release();
        }
    }

    private async Task StopLeftoverAsync(SandboxStatus? container, CancellationToken cancellationToken)
    {
        if (container is not null)
        {
            await Driver.StopAsync(container.Id, cancellationToken);
        }
    }

    private LaunchRecord? ReadLaunch(string id, SandboxJournal journal)
    {
        try
        {
            return journal.Launch is { } launch && launch.Request.Id == id && journal.ReadCalls() is not null ? launch : null;
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            LogJournalUnreadable(e, id);
            return null;
        }
    }
}
