namespace Actors.RunnerApi.Sessions.Journal;

/// <summary>The runner's directory on disk: one journal per sandbox, one tombstone per removed id, one lock for the process.</summary>
internal sealed class StateDirectory : IDisposable
{
    private const int MaxTombstones = 100_000;
    private static readonly TimeSpan s_tombstoneLife = TimeSpan.FromDays(1);

    private readonly string _sandboxes;
    private readonly string _tombstones;
    private readonly FileStream _lock;

    /// <summary>Opens the directory, creating it when absent.</summary>
    /// <exception cref="IOException">Another runner holds it.</exception>
    public StateDirectory(string root)
    {
        _sandboxes = Path.Combine(root, "sandboxes");
        _tombstones = Path.Combine(root, "tombstones");
        AtomicFile.CreateDirectory(root);
        AtomicFile.CreateDirectory(_sandboxes);
        AtomicFile.CreateDirectory(_tombstones);
        try
        {
            _lock = new FileStream(Path.Combine(root, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"Another runner uses '{root}'; give each its own Actors:Runner:StateDirectory.", e);
        }
    }

    /// <summary>The journal of an id; the id has been checked.</summary>
    public SandboxJournal Journal(string id) => new(Path.Combine(_sandboxes, id));

    /// <summary>Ids that have a journal.</summary>
    public IReadOnlyList<string> ListIds() => [.. Directory.EnumerateDirectories(_sandboxes).Select(d => Path.GetFileName(d))];

    /// <summary>True when the id was removed and must not be launched again.</summary>
    public bool IsRemoved(string id) => File.Exists(Tombstone(id));

    /// <summary>Marks an id as used up.</summary>
    public void WriteTombstone(string id, DateTimeOffset now)
    {
        AtomicFile.Write(Tombstone(id), new TombstoneRecord(now));
        File.SetLastWriteTimeUtc(Tombstone(id), now.UtcDateTime);
    }

    /// <summary>Forgets tombstones older than a day, and the oldest above the cap.</summary>
    public void PruneTombstones(DateTimeOffset now)
    {
        var stones = new DirectoryInfo(_tombstones).EnumerateFiles("*.json").OrderByDescending(f => f.LastWriteTimeUtc).ToList();
        foreach (var stone in stones.Where((f, i) => i >= MaxTombstones || now.UtcDateTime - f.LastWriteTimeUtc > s_tombstoneLife))
        {
            stone.Delete();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private string Tombstone(string id) => Path.Combine(_tombstones, id + ".json");
}
