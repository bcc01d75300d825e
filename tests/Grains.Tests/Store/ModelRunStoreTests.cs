using Actors.Grains.Store;
using Actors.Grains.Tests.Simulation;
using Actors.Testing;

namespace Actors.Grains.Tests.Store;

/// <summary>The simulation's model keeps the same contract as the databases.</summary>
public sealed class ModelRunStoreTests : RunStoreConformance
{
    private readonly FakeTimeProvider _time = new();

    public ModelRunStoreTests() => Store = new ModelRunStore(_time);

    private protected override IRunStore Store { get; }

    private protected override DateTimeOffset Now => _time.GetUtcNow();

    private protected override Task AdvanceAsync(TimeSpan by)
    {
        _time.Advance(by);
        return Task.CompletedTask;
    }
}
