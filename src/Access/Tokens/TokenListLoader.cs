using System.Collections.Frozen;
using System.Text;
using Actors.Verification.Policy;

namespace Actors.Access.Tokens;

/// <summary>Loads a file of static tokens: one <c>SUBJECT:GROUP,GROUP:sha256=HEX</c> per line; <c>#</c> starts a comment.</summary>
internal static class TokenListLoader
{
    private const int MaxFileBytes = 512 * 1024;
    private const int MaxEntries = 1000;
    private const int MaxGroups = 100;
    private const int HashBytes = 32;
    private const UnixFileMode OthersMayWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Tries to load; faults are a result and never repeat a line's text.</summary>
    public static Loaded<TokenList> Load(string path)
    {
        var full = Path.GetFullPath(path);
        var (stamp, bytes) = FileStamp.Take(full, MaxFileBytes);
        if (bytes is null)
        {
            var problem = stamp.IsUnreadable ? "cannot be read; make it with 'actors token'" : $"has more than {MaxFileBytes} bytes";
            return new Loaded<TokenList>(null, [$"{path}: the file {problem}."], [stamp]);
        }

        var faults = new List<string>();
        if (MayBeWrittenByOthers(full))
        {
            faults.Add($"{path}: others may write the file, and so let themselves in; run chmod go-w on it.");
        }

        var entries = Entries(path, Encoding.UTF8.GetString(bytes), faults);
        return new Loaded<TokenList>(faults.Count == 0 ? new TokenList(entries) : null, faults, [stamp]);
    }

    // By a handle, so that a link's target counts.
    private static bool MayBeWrittenByOthers(string path)
    {
        using var handle = File.OpenHandle(path);
        return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & OthersMayWrite) != UnixFileMode.None;
    }

    private static List<TokenEntry> Entries(string path, string text, List<string> faults)
    {
        var entries = new List<TokenEntry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (number, line) in text.Split('\n').Select((l, i) => (i + 1, l.Trim())).Where(l => l.Item2.Length > 0 && l.Item2[0] != '#'))
        {
            if (Read(line, out var fault) is not { } entry)
            {
                faults.Add($"{path}:{number}: {fault}");
            }
            else if (!seen.Add(Convert.ToHexStringLower(entry.Hash)))
            {
                faults.Add($"{path}:{number}: the hash stands in the file twice. Give each subject a token of its own.");
            }
            else
            {
                entries.Add(entry);
            }
        }

        if (entries.Count > MaxEntries)
        {
            faults.Add($"{path}: {entries.Count} tokens, {MaxEntries} are allowed. Use OAuth for so many.");
        }

        return entries;
    }

    private static TokenEntry? Read(string line, out string fault)
    {
        fault = "write SUBJECT:GROUP,GROUP:sha256=64_HEX_DIGITS; 'actors token' prints such a line.";
        if (line.Split(':') is not [var subject, var list, var hash] || !hash.StartsWith(StaticToken.HashPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        var digits = hash[StaticToken.HashPrefix.Length..];
        if (digits.Length != 2 * HashBytes || !digits.All(char.IsAsciiHexDigit))
        {
            return null;
        }

        var groups = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var wrong = StaticToken.NameFault(subject) is { } s ? $"the subject {s}." : groups.Select(StaticToken.NameFault).FirstOrDefault(f => f is not null) is { } g ? $"a group {g}." : null;
        if (wrong is not null || groups.Length > MaxGroups)
        {
            fault = wrong ?? $"more than {MaxGroups} groups.";
            return null;
        }

        return new TokenEntry(subject, groups.ToFrozenSet(StringComparer.Ordinal), Convert.FromHexString(digits));
    }
}
