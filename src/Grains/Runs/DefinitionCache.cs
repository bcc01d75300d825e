using System.Collections.Concurrent;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>Definitions by their hash, from memory or the store. They never change, and there are few.</summary>
internal sealed class DefinitionCache(IRunStore store)
{
    private const int Most = 4096;
    private readonly ConcurrentDictionary<string, WorkflowDefinition> _byHash = new(StringComparer.Ordinal);

    public void Add(string hash, WorkflowDefinition definition) => _byHash.TryAdd(hash, definition);

    /// <exception cref="InvalidOperationException">The store has none.</exception>
    public ValueTask<WorkflowDefinition> GetAsync(string hash, CancellationToken cancellationToken) =>
        _byHash.TryGetValue(hash, out var definition) ? ValueTask.FromResult(definition) : LoadAsync(hash, cancellationToken);

    private async ValueTask<WorkflowDefinition> LoadAsync(string hash, CancellationToken cancellationToken)
    {
        var definition = await store.LoadDefinitionAsync(hash, cancellationToken) ?? throw new InvalidOperationException($"the definition {hash} is missing from the store");
        if (_byHash.Count >= Most)
        {
            _byHash.Clear();
        }

        _byHash.TryAdd(hash, definition);
        return definition;
    }
}
