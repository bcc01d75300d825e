using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>The commands that an activation knows of and has not committed.</summary>
internal sealed class RunInbox(IReadOnlyList<PostedCommand> claimed)
{
    private readonly HashSet<long> _seen = [.. claimed.Select(c => c.Id)];
    private readonly List<PostedCommand> _waiting = [.. claimed];

    /// <summary>In the order of posting.</summary>
    public IReadOnlyList<PostedCommand> Waiting => _waiting;

    /// <summary>How many came since the claim.</summary>
    public long Later { get; private set; }

    public IReadOnlyList<long> Ids => _waiting.ConvertAll(c => c.Id);

    /// <summary>Takes in what the store shows; false when there was nothing new.</summary>
    public bool Add(IReadOnlyList<PostedCommand> commands)
    {
        var before = Later;
        foreach (var command in commands.Where(c => _seen.Add(c.Id)))
        {
            _waiting.Add(command);
            Later++;
        }

        return Later > before;
    }

    /// <summary>They were committed.</summary>
    public void Clear() => _waiting.Clear();
}
