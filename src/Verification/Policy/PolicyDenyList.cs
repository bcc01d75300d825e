using System.Text;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Reads what must not run, whatever vouches for it: <c>deny_digests</c> and the lines of <c>deny_digests_file</c>.</summary>
internal sealed class PolicyDenyList(PolicyReader reader, PolicyFiles files)
{
    private const int MaxInline = 1000;
    private const int MaxLines = 20_000;
    private const int MaxFileBytes = 2 * 1024 * 1024;
    private const string Fix = "Write 'sha256:' and 64 lower-case hex digits.";

    /// <summary>Every denied digest.</summary>
    public HashSet<OciDigest> Digests { get; } = [];

    /// <summary>Reads the list in the policy.</summary>
    public void Read(PolicyNode node)
    {
        foreach (var item in reader.Items(node, "'deny_digests'", MaxInline))
        {
            if (reader.Text(item, "An entry of 'deny_digests'") is { } text && !TryAdd(text))
            {
                reader.Fault(item.Line, $"'{PolicyReader.Shorten(text)}' is no digest.", Fix);
            }
        }
    }

    /// <summary>Reads the file: a digest per line; <c>#</c> starts a comment. A line that is neither is a fault: a mistyped revocation must not pass silently.</summary>
    public void ReadFile(PolicyNode node)
    {
        if (files.Read(reader, node, "Deny list", MaxFileBytes, "a text file with one digest per line") is not { } content)
        {
            return;
        }

        var lines = Encoding.UTF8.GetString(content).Split('\n');
        if (lines.Length > MaxLines)
        {
            reader.Fault(node.Line, $"The deny list has more than {MaxLines} lines.", "Remove digests that no registry has any more.");
            return;
        }

        for (var i = 0; i < lines.Length; i++)
        {
            var text = lines[i].Split('#')[0].Trim();
            if (text.Length > 0 && !TryAdd(text))
            {
                reader.Fault(node.Line, $"Line {i + 1} of the deny list is no digest.", Fix);
                return;
            }
        }
    }

    private bool TryAdd(string text)
    {
        var parsed = OciDigest.TryParse(text, out var digest);
        if (parsed)
        {
            Digests.Add(digest!);
        }

        return parsed;
    }
}
