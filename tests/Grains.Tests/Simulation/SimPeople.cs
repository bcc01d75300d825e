using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Simulation;

/// <summary>Those who cancel, approve, reject and signal: through any silo, sometimes too early, twice or never.</summary>
internal sealed class SimPeople(SimWorld world, ModelRunStore store, Func<SimSilo?> anySilo)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(3);
    private static readonly JsonElement Payload = JsonElement.Parse("""{"n":1}""");
    private readonly SortedDictionary<string, int> _acknowledged = new(StringComparer.Ordinal);

    /// <summary>Commands that were answered, by kind.</summary>
    public IReadOnlyDictionary<string, int> Acknowledged => _acknowledged;

    /// <summary>Looks again and again for runs that wait for somebody.</summary>
    public void Start() => world.After(world.Upto(Pause), Look);

    public void Cancel(string run) => Ask(run, "cancel", g => g.CancelAsync("somebody", null, default));

    private void Look()
    {
        foreach (var run in store.World.Runs.Values.Where(r => !r.IsDone))
        {
            foreach (var (definition, state) in SimWorkflows.Waits.Steps.Zip(run.Stored.State.Steps))
            {
                // Also what does not wait yet, or not any more.
                var chance = state.Status == StepStatus.Waiting ? 0.5 : 0.03;
                if (state.Id == definition.Id && world.Chance(chance))
                {
                    Act(run.Id, definition);
                }
            }
        }

        Start();
    }

    private void Act(string run, StepDefinition step)
    {
        if (step.Approval is not null)
        {
            var approved = world.Chance(0.9);
            Ask(run, approved ? "approve" : "reject", g => g.ApproveAsync("somebody", step.Id, approved, null, default));
        }
        else if (step.Signal is { } signal)
        {
            Ask(run, "signal", g => g.SignalAsync("somebody", signal.Name, Payload, default));
        }
    }

    private void Ask(string run, string kind, Func<IRunGrain, Task<RunView?>> ask)
    {
        Assert.True(RunId.TryParse(run, out var id));
        if (anySilo() is not { Directory: { } directory } silo)
        {
            return;
        }

        _ = silo.Process.Do(async () =>
        {
            try
            {
                await ask(directory.Get(id));
                _acknowledged[kind] = _acknowledged.GetValueOrDefault(kind) + 1;
            }
            catch (Exception e) when (e is RunRejectedException or IOException)
            {
                // Not acknowledged.
            }

            return true;
        });
    }
}
