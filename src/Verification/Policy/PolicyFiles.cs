using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Actors.Verification.Policy;

/// <summary>A file as it was when it was read.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Cap">Most bytes that are read.</param>
/// <param name="Mark">SHA-256 of the content, hex; or why there is none.</param>
internal sealed record FileStamp(string Path, int Cap, string Mark)
{
    private const string Unreadable = "unreadable";
    private const string TooLarge = "too large";

    /// <summary>True when the file could not be read at all.</summary>
    public bool IsUnreadable => Mark == Unreadable;

    /// <summary>Reads the file. The content is null when the mark says why.</summary>
    public static (FileStamp Stamp, byte[]? Content) Take(string path, int cap)
    {
        try
        {
            var bytes = BoundedFile.Read(path, cap);
            return (new FileStamp(path, cap, bytes is null ? TooLarge : Convert.ToHexStringLower(SHA256.HashData(bytes))), bytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return (new FileStamp(path, cap, Unreadable), null);
        }
    }

    /// <summary>True when the file now reads otherwise. The content is compared, not times: it may be reached through a link that was turned.</summary>
    public bool HasChanged() => Take(Path, Cap).Stamp.Mark != Mark;
}

/// <summary>Reads the files that make up a policy, each once, and keeps what the revision and a reload need.</summary>
internal sealed class PolicyFiles(string policyPath)
{
    private readonly string _baseDirectory = Path.GetDirectoryName(Path.GetFullPath(policyPath))!;
    private readonly List<FileStamp> _stamps = [];
    private readonly Dictionary<string, (FileStamp Stamp, byte[]? Content)> _byPath = new(StringComparer.Ordinal);
    private readonly List<byte[]> _contents = [];

    /// <summary>What was read so far, also what could not be.</summary>
    public IReadOnlyList<FileStamp> Stamps => _stamps;

    /// <summary>Reads the policy file itself; comes first.</summary>
    public (FileStamp Stamp, byte[]? Content) ReadPolicy(int cap) => Read(policyPath, cap);

    /// <summary>Reads a file that the policy names; null after noting why not.</summary>
    /// <param name="reader">Takes the fault.</param>
    /// <param name="node">Holds the path, relative to the policy file.</param>
    /// <param name="what">Such as <c>Key file</c>.</param>
    /// <param name="cap">Most bytes.</param>
    /// <param name="fix">What should be there.</param>
    public byte[]? Read(PolicyReader reader, PolicyNode node, string what, int cap, string fix)
    {
        if (reader.Text(node, $"{what}") is not { } path)
        {
            return null;
        }

        var (stamp, content) = Read(path, cap);
        if (content is null)
        {
            var problem = stamp.IsUnreadable ? "cannot be read" : $"has more than {cap} bytes";
            reader.Fault(node.Line, $"{what} '{PolicyReader.Shorten(path)}' {problem}.", $"Put {fix} there (the path is relative to the policy file), readable for this process.");
        }

        return content;
    }

    /// <summary>SHA-256, hex, over the policy's bytes and each further file's, in the order of first use; lengths go in so that no byte can move from one file to the next.</summary>
    public string Revision()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var length = new byte[sizeof(long)];
        foreach (var content in _contents)
        {
            BinaryPrimitives.WriteInt64BigEndian(length, content.Length);
            hash.AppendData(length);
            hash.AppendData(content);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private (FileStamp Stamp, byte[]? Content) Read(string path, int cap)
    {
        var full = Path.GetFullPath(path.Replace('\0', '?'), _baseDirectory);
        if (_byPath.TryGetValue(full, out var known))
        {
            return known;
        }

        var taken = FileStamp.Take(full, cap);
        _byPath.Add(full, taken);
        _stamps.Add(taken.Stamp);
        if (taken.Content is { } content)
        {
            _contents.Add(content);
        }

        return taken;
    }
}
