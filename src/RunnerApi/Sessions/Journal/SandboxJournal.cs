using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions.Journal;

/// <summary>The files of one sandbox. Every write is on disk when the method returns.</summary>
internal sealed class SandboxJournal(string directory)
{
    private string Calls => Path.Combine(directory, "calls");

    /// <summary>The launch; null when there is none.</summary>
    public LaunchRecord? Launch => AtomicFile.Read<LaunchRecord>(File("launch"));

    /// <summary>The highest fence seen.</summary>
    public long Fence => AtomicFile.Read<FenceRecord>(File("fence"))?.Fence ?? 0;

    /// <summary>When <c>initialize</c> was sent.</summary>
    public DateTimeOffset? InitializeSentAt => AtomicFile.Read<SentRecord>(File("initialize"))?.SentAt;

    /// <summary>When <c>notifications/initialized</c> was sent.</summary>
    public DateTimeOffset? InitializedSentAt => AtomicFile.Read<SentRecord>(File("initialized"))?.SentAt;

    /// <summary>How the runner ended it.</summary>
    public EndRecord? End => AtomicFile.Read<EndRecord>(File("end"));

    /// <summary>Records the launch, before and again after the container was created.</summary>
    public void WriteLaunch(LaunchRecord record)
    {
        AtomicFile.CreateDirectory(Calls);
        AtomicFile.Write(File("launch"), record);
    }

    /// <summary>Raises the fence.</summary>
    public void WriteFence(long fence) => AtomicFile.Write(File("fence"), new FenceRecord(fence));

    /// <summary>Before <c>initialize</c> is sent.</summary>
    public void WriteInitialize(DateTimeOffset now) => AtomicFile.Write(File("initialize"), new SentRecord(now));

    /// <summary>Before <c>notifications/initialized</c> is sent.</summary>
    public void WriteInitialized(DateTimeOffset now) => AtomicFile.Write(File("initialized"), new SentRecord(now));

    /// <summary>Before a call is sent, and when it ends without an answer.</summary>
    public void WriteCall(string callId, CallRecord record) => AtomicFile.Write(Path.Combine(Calls, callId + ".json"), record);

    /// <summary>Before the runner stops the container.</summary>
    public void WriteEnd(EndRecord record) => AtomicFile.Write(File("end"), record);

    /// <summary>Connections through the proxy, as an earlier process wrote them; null when none are readable.</summary>
    public EgressEvidence? Egress
    {
        get
        {
            try
            {
                return AtomicFile.Read<EgressEvidence>(File("egress"));
            }
            catch (InvalidDataException)
            {
                // Evidence of an earlier process; what follows is kept all the same.
                return null;
            }
        }
    }

    /// <summary>After each change; a full disk loses evidence of a crash that has not happened yet, nothing else.</summary>
    public void TryWriteEgress(EgressEvidence evidence)
    {
        try
        {
            AtomicFile.Write(File("egress"), evidence);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It is in memory.
        }
    }

    /// <summary>All calls that may have been sent.</summary>
    public IReadOnlyDictionary<string, CallRecord> ReadCalls() => Directory.Exists(Calls)
        ? Directory.EnumerateFiles(Calls, "*.json").ToDictionary(
            path => Path.GetFileNameWithoutExtension(path),
            path => AtomicFile.Read<CallRecord>(path) ?? throw new InvalidDataException($"'{path}' is empty."),
            StringComparer.Ordinal)
        : new Dictionary<string, CallRecord>(StringComparer.Ordinal);

    /// <summary>Removes everything.</summary>
    public void Remove()
    {
        if (Directory.Exists(directory))
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private string File(string name) => Path.Combine(directory, name + ".json");
}
