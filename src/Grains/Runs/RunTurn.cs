using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>What several events do to a run at once.</summary>
/// <param name="Effects">What has to be going on outside afterwards.</param>
/// <param name="Progress">Something happened but a change of owners.</param>
internal sealed record RunTurn(RunState State, IReadOnlyList<TraceDraft> Trace, IReadOnlyList<RunEffect> Effects, bool Progress)
{
    /// <summary>Decides commands first: after an acknowledged cancel no step starts, though the answer to the one before it lies in the mailbox already.</summary>
    public static RunTurn Decide(
        WorkflowDefinition definition, RunState state, IReadOnlyList<RunEffect> effects, IReadOnlyList<PostedCommand> commands, IReadOnlyList<RunEvent> events, DateTimeOffset now)
    {
        var turn = new RunTurn(state, [], effects, Progress: false);
        var trace = new List<TraceDraft>();

        // A cancel goes before all: another command in the same inbox must not start a step any more.
        foreach (var command in commands.Count < 2 ? (IEnumerable<PostedCommand>)commands : commands.OrderBy(c => c.Command.Kind != RunCommands.Cancel))
        {
            turn = turn.After(definition, RunCommands.ToEvent(command.Command.Kind, command.Command.By, command.Command.Body, now), trace);
        }

        foreach (var @event in events.Where(e => e is not Looked))
        {
            turn = turn.After(definition, @event, trace);
        }

        return turn with { Trace = trace };
    }

    /// <summary>Gives the run up, whatever else its inbox holds.</summary>
    public static RunTurn Quarantine(RunState state, IReadOnlyList<PostedCommand> commands, Quarantined quarantined)
    {
        var cancel = commands.Select(c => RunCommands.ToEvent(c.Command.Kind, c.Command.By, c.Command.Body, quarantined.At)).OfType<CancelRequested>().FirstOrDefault();
        var transition = RunTransitions.Quarantine(state, cancel, quarantined);
        return new RunTurn(transition.State, transition.Trace, transition.Effects, Progress: true);
    }

    private RunTurn After(WorkflowDefinition definition, RunEvent @event, List<TraceDraft> trace)
    {
        var transition = RunTransitions.Decide(definition, State, @event);
        trace.AddRange(transition.Trace);
        return this with { State = transition.State, Effects = transition.Effects, Progress = Progress || (@event is not Recovered && transition.Trace.Count > 0) };
    }
}

/// <summary>Nothing happened; look what is there.</summary>
internal sealed record Looked(DateTimeOffset At) : RunEvent(At);
