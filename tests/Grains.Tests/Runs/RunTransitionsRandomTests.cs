using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;
using Actors.RunnerApi.Contracts;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

/// <summary>Many seeded random event sequences: whatever comes in whatever order, the rules hold.</summary>
public sealed class RunTransitionsRandomTests
{
    private const int Sequences = 1500;
    private const int Length = 40;

    [Fact]
    public void Decide_AnyEventsInAnyOrder_KeepsTheRules()
    {
        var ends = new Dictionary<RunOutcome, int>();
        for (var seed = 0; seed < Sequences; seed++)
        {
            var end = Play(seed);
            if (end is { Status: RunStatus.Done, Outcome: { } outcome })
            {
                ends[outcome] = ends.GetValueOrDefault(outcome) + 1;
            }
        }

        // A floor, so that nothing passes because nothing happened.
        Assert.All(Enum.GetValues<RunOutcome>(), o => Assert.True(ends.GetValueOrDefault(o) > 5, $"{o}: only {ends.GetValueOrDefault(o)} runs ended so"));
    }

    private static RunState Play(int seed)
    {
        var random = new Random(seed);
        var definition = TestWorkflows.TwoSteps;
        var state = TestWorkflows.NewRun(definition, Start);
        var started = new HashSet<string>(StringComparer.Ordinal);
        var doneEntries = 0;
        for (var i = 0; i < Length; i++)
        {
            var @event = Next(random, definition, state);
            var transition = RunTransitions.Decide(definition, state, @event);
            var again = RunTransitions.Decide(definition, state, @event);
            var context = $"seed {seed}, event {i} ({@event.GetType().Name})";

            Assert.True(transition.State.Equals(again.State) || Json(transition.State) == Json(again.State), $"{context}: not deterministic");
            Assert.True(state.Status != RunStatus.Done || Json(transition.State) == Json(state), $"{context}: a finished run changed");
            Assert.True(transition.State.Status >= state.Status, $"{context}: went back from {state.Status} to {transition.State.Status}");
            Assert.True(state.Outcome is null || transition.State.Outcome == state.Outcome, $"{context}: the outcome changed");
            Assert.True(transition.State.Status != RunStatus.Done || transition.Effects.Count == 0, $"{context}: a finished run still wants effects");
            Assert.True(transition.Trace.Count > 0 || Json(transition.State) == Json(state), $"{context}: a change without a trace");
            doneEntries += transition.Trace.Count(t => t.Kind == "done");
            Assert.True(doneEntries <= 1, $"{context}: done twice");
            foreach (var call in transition.Trace.Where(t => t.Kind == "call_started"))
            {
                Assert.True(started.Add($"{call.Data["step"]} {call.Data["attempt"]}"), $"{context}: the same call started twice");
            }

            if (transition.Effects.Any(e => e is LaunchSandbox or CallTool))
            {
                Assert.True(transition.State.Servers.Values.All(s => s.Reference is not null), $"{context}: something runs though not every image is admitted");
            }

            state = transition.State;
        }

        return state;
    }

    /// <summary>Mostly what would come next, sometimes anything.</summary>
    private static RunEvent Next(Random random, WorkflowDefinition definition, RunState state)
    {
        var effects = RunTransitions.Effects(definition, state);
        if (state.Status == RunStatus.Queued && random.Next(4) > 0)
        {
            return new Started(Start);
        }

        return effects.Count > 0 && random.Next(5) > 0 ? Outcome(random, effects[random.Next(effects.Count)]) : Anything(random);
    }

    private static RunEvent Outcome(Random random, RunEffect effect) => effect switch
    {
        DecideImage e => Decided(e.Server, random.Next(12) > 0),
        LaunchSandbox e => random.Next(12) > 0
            ? Launched(e.Server, e.Attempt, random.Next(2) == 0)
            : new SandboxFailed(Start, e.Server, e.Attempt, new RunError(SandboxReasons.StartFailed, "…"), null, null),
        CallTool e => random.Next(8) switch
        {
            0 => new CallFailed(Start, e.Step, e.Attempt, new RunError("json_rpc_error", "…", e.Step)),
            1 => new CallUnknown(Start, e.Step, e.Attempt, SandboxReasons.SandboxLost, "…"),
            _ => Answered(e.Step, """{"words":["a"],"total":1}""", e.Attempt),
        },
        StopSandbox e => Stopped(e.Server, e.Attempt),
        _ => throw new InvalidOperationException(),
    };

    private static RunEvent Anything(Random random)
    {
        var server = random.Next(2) == 0 ? "first" : "second";
        var step = random.Next(2) == 0 ? "read" : "count";
        var attempt = random.Next(1, 3);
        return random.Next(11) switch
        {
            0 => new Started(Start),
            1 => Decided(server, random.Next(2) == 0),
            2 => Launched(server, attempt),
            3 => new CallUnknown(Start, step, attempt, SandboxReasons.ServerExited, "…"),
            4 => Answered(step, """{"words":[],"total":0}""", attempt),
            5 => new CancelRequested(Start, "someone", null),
            6 => new ReminderFired(Start + TimeSpan.FromMinutes(random.Next(10))),
            7 => Stopped(server, attempt),
            8 => new EffectFailed(Start, "decide first", new RunError("unauthorized", "…")),
            9 => new CallFailed(Start, step, attempt, new RunError("json_rpc_error", "…", step)),
            _ => new Recovered(Start, 2),
        };
    }

    private static string Json(RunState state) => System.Text.Json.JsonSerializer.Serialize(state, ActorsJson.Options);
}
