using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;
using Actors.RunnerApi.Contracts;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

/// <summary>Many seeded random event sequences: whatever comes in whatever order, the rules hold.</summary>
public sealed class RunTransitionsRandomTests
{
    private const int Sequences = 1000;
    private const int Length = 50;
    private static readonly string[] Rare = [TraceKinds.Submitted];
    private static readonly IEnumerable<string> EveryKind = typeof(TraceKinds).GetFields().Select(f => (string)f.GetRawConstantValue()!).Except(Rare);
    private readonly HashSet<string> _kinds = new(StringComparer.Ordinal);
    private readonly HashSet<Edge> _edges = [];
    private DateTimeOffset _now;

    [Fact]
    public void Decide_AnyEventsInAnyOrder_KeepsTheRules()
    {
        var ends = new Dictionary<RunOutcome, int>();
        for (var seed = 0; seed < Sequences; seed++)
        {
            var end = Play(seed, seed % 2 == 0 ? TestWorkflows.TwoSteps : TestWorkflows.Waits);
            if (end is { Status: RunStatus.Done, Outcome: { } outcome })
            {
                ends[outcome] = ends.GetValueOrDefault(outcome) + 1;
            }
        }

        var documented = TransitionTable.Read();
        Assert.True(documented.Count > 40, "the table was not read");

        // A run without a live sandbox is done instead of concluding.
        var surprising = _edges.Where(e => !documented.Contains(e) && !(e.To == "done" && documented.Contains(e with { To = "concluding" })));
        Assert.True(!surprising.Any(), $"not in the table of docs/architecture.md: {string.Join(", ", surprising)}");
        Assert.True(documented.IsSubsetOf(_edges), $"in the table of docs/architecture.md, but no run came there: {string.Join(", ", documented.Except(_edges))}");
        Assert.All(EveryKind, k => Assert.Contains($"\n| `{k}` |", TransitionTable.Docs("trace.md"), StringComparison.Ordinal));
        Assert.All(EveryKind, k => Assert.True(_kinds.Contains(k), $"no run came to {k}"));

        // A floor, so that nothing passes because nothing happened.
        Assert.All(Enum.GetValues<RunOutcome>(), o => Assert.True(ends.GetValueOrDefault(o) > 5, $"{o}: only {ends.GetValueOrDefault(o)} runs ended so"));
    }

    private RunState Play(int seed, WorkflowDefinition definition)
    {
        var random = new Random(seed);
        var state = TestWorkflows.NewRun(definition, Start);
        var started = new HashSet<string>(StringComparer.Ordinal);
        var failed = new HashSet<string>(StringComparer.Ordinal);
        var doneEntries = 0;
        _now = Start;
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
                Assert.True(started.Add($"{call.Data.GetProperty("step")} {call.Data.GetProperty("attempt")}"), $"{context}: the same call started twice");
            }

            failed.UnionWith(@event is EffectFailed fault ? [fault.Effect] : []);
            CheckIsWoken(transition, failed, context);
            Check(definition, state, transition, @event, context);
            if (transition.Effects.Any(e => e is LaunchSandbox or CallTool))
            {
                Assert.True(transition.State.Servers.Values.All(s => s.Reference is not null), $"{context}: something runs though not every image is admitted");
            }

            state = transition.State;
        }

        return state;
    }

    private void Check(WorkflowDefinition definition, RunState before, Transition transition, RunEvent @event, string context)
    {
        var state = transition.State;
        if (transition.Trace.Count > 0)
        {
            _edges.Add(new Edge(Edge.Phase(before), @event.GetType().Name, Edge.Phase(state)));
        }

        _kinds.UnionWith(transition.Trace.Select(t => t.Kind));
        Assert.True(state.Status == RunStatus.Done ? state.DueAt is null : state.DueAt <= (state.StopDeadline ?? state.Deadline), $"{context}: no reminder, or one that is late");
        Assert.True(state.Outcome is null || transition.Effects.All(e => e is StopSandbox), $"{context}: something else than stopping goes on behind the outcome");
        Assert.True(before.Outcome is null || transition.Trace.All(t => t.Kind != TraceKinds.CallStarted), $"{context}: a call started behind the outcome");
        Assert.True(transition.Effects.Select(e => e.Name).Distinct(StringComparer.Ordinal).Count() == transition.Effects.Count, $"{context}: the same effect twice");
        Assert.True(state.Steps.Count(s => s.Status is StepStatus.Running or StepStatus.Waiting) <= 1, $"{context}: two steps at once");

        foreach (var (id, server) in state.Servers)
        {
            var used = definition.Steps.Zip(state.Steps).Any(s => s.First.Server == id && s.Second.Status is StepStatus.Pending or StepStatus.Running);
            Assert.True(used || server.Status is not (ServerStatus.Launching or ServerStatus.Ready) || state.Outcome is not null, $"{context}: {id} is kept for nothing");
        }

        if (@event is ReminderFired { At: var at } && at < before.DueAt)
        {
            Assert.True(transition.Trace.Count == 0, $"{context}: a reminder had an effect before it was due");
        }
    }

    /// <summary>Whoever waits is woken: by an effect that is still going on, by a reminder before the deadline, or by a person.</summary>
    /// <param name="failed">Effects that have failed: whoever performs them tries the persistent ones again, the others are over.</param>
    private static void CheckIsWoken(Transition transition, HashSet<string> failed, string context)
    {
        var state = transition.State;
        var idle = state is { Status: RunStatus.Verifying or RunStatus.Running, Outcome: null }
            && !transition.Effects.Any(e => e is not KeepSandbox && (e.IsPersistent || !failed.Contains(e.Name)));
        Assert.True(!idle || state.DueAt < state.Deadline || state.Steps.Any(s => s.Status == StepStatus.Waiting), $"{context}: stuck until the deadline");
    }

    /// <summary>Mostly what would come next, sometimes anything.</summary>
    private RunEvent Next(Random random, WorkflowDefinition definition, RunState state)
    {
        var effects = RunTransitions.Effects(definition, state);
        if (state.Status == RunStatus.Queued && random.Next(4) > 0)
        {
            return new Started(_now);
        }

        if (effects.All(e => e is KeepSandbox) && state.DueAt is { } due && random.Next(3) > 0)
        {
            return random.Next(4) == 0 ? Reminder(due) : Command(random, state.Steps.FirstOrDefault(s => s.Status == StepStatus.Waiting)?.Id);
        }

        return effects.Count > 0 && random.Next(5) > 0 ? Outcome(random, effects[random.Next(effects.Count)]) : Anything(random);
    }

    private RunEvent Outcome(Random random, RunEffect effect) => effect switch
    {
        DecideImage e => random.Next(12) > 0 ? Decided(e.Server) : new ImageDecided(_now, e.Server, Refuse("x") with { Code = random.Next(2) == 0 ? RefusalCodes.Unsigned : RefusalCodes.RegistryUnavailable }),
        LaunchSandbox e => random.Next(12) > 0
            ? Launched(e.Server, e.Attempt, random.Next(2) == 0) is var launched && random.Next(30) > 0 ? launched : launched with { Tools = [] }
            : new SandboxFailed(Start, e.Server, e.Attempt, new RunError(random.Next(3) > 0 ? SandboxReasons.StartFailed : ProblemCodes.UnknownSecret, "…"), null, null),
        KeepSandbox e => random.Next(3) > 0
            ? Reminder(_now + TimeSpan.FromSeconds(random.Next(60)))
            : new SandboxEnded(_now, e.Server, e.Attempt, null),
        CallTool e => random.Next(10) switch
        {
            0 => new CallFailed(Start, e.Step, e.Attempt, new RunError("json_rpc_error", "…", e.Step)),
            8 => new CallFailed(Start, e.Step, e.Attempt, new RunError(SandboxReasons.ServerExited, "…", e.Step)),
            9 => new CallAnswered(_now, e.Step, e.Attempt, JsonElement.Parse("""{"isError":true}"""), 1),
            1 => new CallUnknown(Start, e.Step, e.Attempt, SandboxReasons.SandboxLost, "…"),
            _ => Answered(e.Step, """{"words":["a"],"total":1}""", e.Attempt),
        },
        StopSandbox e => Stopped(e.Server, e.Attempt),
        _ => throw new InvalidOperationException(),
    };

    private RunEvent Anything(Random random)
    {
        var server = random.Next(2) == 0 ? "first" : "second";
        var step = random.Next(2) == 0 ? "read" : "count";
        var attempt = random.Next(1, 3);
        return random.Next(18) switch
        {
            0 => new Started(Start),
            1 => Decided(server, random.Next(2) == 0),
            2 => Launched(server, attempt),
            3 => new CallUnknown(Start, step, attempt, SandboxReasons.ServerExited, "…"),
            4 => Answered(step, """{"words":[],"total":0}""", attempt),
            5 => new CancelRequested(Start, "someone", null),
            6 => Reminder(_now + TimeSpan.FromMinutes(random.Next(10))),
            7 => Stopped(server, attempt),
            8 => new EffectFailed(Start, "decide first", new RunError("unauthorized", "…")),
            9 => new CallFailed(Start, step, attempt, new RunError("json_rpc_error", "…", step)),
            10 => new SandboxEnded(_now, server, attempt, null),
            11 => new Quarantined(_now, 6, []),
            12 => new CommandUnknown(_now, "someone", "dance"),
            13 => new EffectFailed(Start, $"stop {server} {attempt}", new RunError("engine_failed", "…")),
            14 or 15 or 16 => Command(random, null),
            _ => new Recovered(Start, 2),
        };
    }

    private ReminderFired Reminder(DateTimeOffset at)
    {
        _now = at > _now ? at : _now;
        return new ReminderFired(at);
    }

    private RunEvent Command(Random random, string? step) => (step, random.Next(6)) switch
    {
        (null or "wait", 0 or 1 or 2) => new SignalReceived(_now, "someone", "go", JsonElement.Parse("""{"n":1}""")),
        (_, 3) => new ApprovalDecided(_now, "someone", step ?? "ok", Approved: false, "no"),
        _ => new ApprovalDecided(_now, "someone", step ?? "ok", Approved: true, null),
    };

    private static string Json(RunState state) => System.Text.Json.JsonSerializer.Serialize(state, ActorsJson.Options);
}
