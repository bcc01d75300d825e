using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <content>What the reaper does at each sweep.</content>
internal sealed partial class SandboxRegistry
{
    // A container of this age without a journal is none that is being launched right now.
    private static readonly TimeSpan s_strangerGrace = TimeSpan.FromMinutes(1);

    /// <summary>Stops what is over its time or forgotten, removes what nobody collects.</summary>
    /// <exception cref="SandboxException">The engine does not answer.</exception>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        // Taken before the list, which takes a while: what is launched meanwhile is not in it and is not lost.
        var known = _sandboxes.Values.ToList();
        var containers = (await Driver.ListAsync(cancellationToken)).ToDictionary(c => c.Id, StringComparer.Ordinal);
        foreach (var sandbox in known.Where(s => _sandboxes.GetValueOrDefault(s.Id) == s))
        {
            await GuardAsync(sandbox.Id, () => SweepAsync(sandbox, containers.GetValueOrDefault(sandbox.Id), cancellationToken));
        }

        foreach (var stranger in containers.Values.Where(c => !IsKnown(c.Id) && Time.GetUtcNow() - c.CreatedAt > s_strangerGrace))
        {
            await GuardAsync(stranger.Id, () => SweepStrangerAsync(stranger.Id, cancellationToken));
        }

        await GuardAsync("egress", () => SweepEgressAsync(cancellationToken));

        state.PruneTombstones(Time.GetUtcNow());
    }

    // A network can be open for a sandbox whose launch or removal a crash cut short.
    private async Task SweepEgressAsync(CancellationToken cancellationToken)
    {
        foreach (var id in (await egress.ListOpenAsync(s_strangerGrace, cancellationToken)).Where(id => !IsKnown(id)))
        {
            await GuardAsync(id, () => SweepStrangerAsync(id, cancellationToken));
        }
    }

    // Probes have no journal: a crash of the runner makes orphans of them.
    private bool IsKnown(string id) => _sandboxes.ContainsKey(id) || isolation.Owns(id);

    // One sandbox that can't be stopped must not keep the others.
    private async Task GuardAsync(string id, Func<Task> sweep)
    {
        try
        {
            await sweep();
        }
        catch (Exception e) when (e is SandboxException or RunnerProblem or IOException)
        {
            LogSweepFailed(e, id);
        }
    }

    private async Task SweepAsync(Sandbox sandbox, SandboxStatus? container, CancellationToken cancellationToken)
    {
        var forgotten = sandbox.SinceContact > TimeSpan.FromSeconds(Options.OrphanGraceSeconds);
        if (sandbox.Session.State.HasEnded)
        {
            await SweepEndedAsync(sandbox, container, forgotten, cancellationToken);
        }
        else if (container is null)
        {
            await ReapAsync(sandbox, SandboxReasons.SandboxLost, "The container is gone and nobody saw it end.");
        }
        else if (Time.GetUtcNow() > container.Deadline)
        {
            await ReapAsync(sandbox, SandboxReasons.DeadlineExceeded, "The sandbox' lifetime is over.");
        }
        else if (forgotten)
        {
            await ReapAsync(sandbox, SandboxReasons.Orphaned, "Nobody asked for the sandbox any more.");
        }
    }

    private async Task SweepEndedAsync(Sandbox sandbox, SandboxStatus? container, bool forgotten, CancellationToken cancellationToken)
    {
        if (forgotten)
        {
            LogReaped(sandbox.Id, "uncollected", Options.ReaperDryRun);
            if (!Options.ReaperDryRun)
            {
                using var held = await _locks.EnterAsync(sandbox.Id, cancellationToken);
                state.WriteTombstone(sandbox.Id, Time.GetUtcNow());
                await RemoveAsync(sandbox.Id);
            }
        }
        else if (container is { State: not SandboxState.Exited })
        {
            // An earlier attempt to stop it failed.
            await Driver.StopAsync(sandbox.Id, cancellationToken);
        }
    }

    private async Task ReapAsync(Sandbox sandbox, string code, string reason)
    {
        LogReaped(sandbox.Id, code, Options.ReaperDryRun);
        if (!Options.ReaperDryRun)
        {
            await sandbox.Session.EndAsync(SandboxPhase.Failed, code, reason);
        }
    }

    private async Task SweepStrangerAsync(string id, CancellationToken cancellationToken)
    {
        LogReaped(id, "no_journal", Options.ReaperDryRun);
        if (Options.ReaperDryRun)
        {
            return;
        }

        // The lock waits for a launch of this id, which would have made it ours.
        using var held = await _locks.EnterAsync(id, cancellationToken);
        if (!_sandboxes.ContainsKey(id))
        {
            await Driver.StopAsync(id, cancellationToken);
            await egress.CloseAsync(id);
        }
    }
}
