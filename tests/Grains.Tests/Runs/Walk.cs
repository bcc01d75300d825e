using System.Text.Json.Nodes;
using Actors.Grains.Runs;
using Actors.Grains.Workflows;
using static Actors.Grains.Tests.Runs.TestEvents;

namespace Actors.Grains.Tests.Runs;

/// <summary>Applies events one after the other and keeps what came of them.</summary>
internal sealed class Walk(WorkflowDefinition definition)
{
    public RunState State { get; private set; } = TestWorkflows.NewRun(definition, Start);

    public List<string> Kinds { get; } = [];

    /// <summary>Data of the newest trace entry.</summary>
    public JsonObject Last { get; private set; } = [];

    public IReadOnlyList<RunEffect> Effects { get; private set; } = [];

    /// <summary>Names of the effects that are asked for in the end.</summary>
    public IEnumerable<string> Apply(params RunEvent[] events)
    {
        foreach (var e in events)
        {
            var transition = RunTransitions.Decide(definition, State, e);
            State = transition.State;
            Effects = transition.Effects;
            Kinds.AddRange(transition.Trace.Select(t => t.Kind));
            Last = transition.Trace.Count > 0 ? transition.Trace[^1].Data : Last;
        }

        return Effects.Select(e => e.Name);
    }
}
