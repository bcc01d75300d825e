using System.Text.Json;
using Actors.Grains.Workflows;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>A transition in the making.</summary>
/// <param name="definition">Null when it was not loaded: then nothing may ask for it.</param>
internal sealed class Draft(WorkflowDefinition? definition, RunState state, DateTimeOffset at)
{
    private readonly List<TraceDraft> _trace = [];

    public WorkflowDefinition Definition => definition ?? throw new InvalidOperationException("the definition was not loaded");

    public DateTimeOffset At { get; } = at;

    public RunState State { get; set; } = state;

    public IReadOnlyList<TraceDraft> Trace => _trace;

    public void Add(string kind, object data) =>
        _trace.Add(new TraceDraft(At, kind, JsonSerializer.SerializeToElement(data, ActorsJson.Options)));

    public void Set(string server, Func<ServerState, ServerState> change) =>
        State = State with { Servers = State.Servers.SetItem(server, change(State.Servers[server])) };

    public void Set(StepState step)
    {
        var index = State.Steps.IndexOf(State.Steps.First(s => s.Id == step.Id));
        State = State with { Steps = State.Steps.SetItem(index, step) };
    }
}
