using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>The policy's <c>trust_roots</c>: by name, a file or the snapshot that came with this program.</summary>
internal sealed class PolicyTrustRoots(PolicyReader reader, PolicyFiles files)
{
    /// <summary>Name of the embedded snapshot, and of the root that holds where none is named.</summary>
    public const string PublicGood = "public-good";

    private const int MaxRoots = 16;
    private const int MaxRootBytes = 1024 * 1024;
    private readonly Dictionary<string, TrustedRoot?> _roots = new(StringComparer.Ordinal);

    /// <summary>The roots that a requirement uses.</summary>
    public Dictionary<string, TrustedRoot> Used { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads the section.</summary>
    public void Read(PolicyNode node)
    {
        var entries = reader.Entries(node, "'trust_roots'");
        if (entries?.Count is 0 or > MaxRoots)
        {
            reader.Fault(node.Line, $"There are not 1 to {MaxRoots} trust roots.", "Write 'name: file' lines, or remove the section.");
        }

        foreach (var (name, value) in entries ?? [])
        {
            if (!PolicyReader.IsName(name))
            {
                reader.Fault(value.Line, $"The trust root's name '{PolicyReader.Shorten(name)}' cannot be used.", PolicyReader.NameFix);
            }

            _roots[name] = ReadRoot(value);
        }
    }

    /// <summary>The root of that name; null after noting that there is none.</summary>
    public TrustedRoot? Use(string name, int line)
    {
        if (!_roots.TryGetValue(name, out var root))
        {
            if (name != PublicGood)
            {
                reader.Fault(line, $"There is no trust root '{PolicyReader.Shorten(name)}'.", $"Add it to 'trust_roots', or use {PublicGood}.");
                return null;
            }

            root = TrustedRoot.PublicGood;
        }

        if (root is not null)
        {
            Used[name] = root;
        }

        return root;
    }

    private TrustedRoot? ReadRoot(PolicyNode node)
    {
        if (node is PolicyScalar { Value: PublicGood })
        {
            return TrustedRoot.PublicGood;
        }

        if (files.Read(reader, node, "Trust root", MaxRootBytes, "a Sigstore trusted root (JSON)") is not { } content)
        {
            return null;
        }

        try
        {
            return TrustedRoot.Parse(content);
        }
        catch (VerificationException e)
        {
            reader.Fault(node.Line, $"Trust root '{PolicyReader.Shorten(((PolicyScalar)node).Value)}' cannot be used: {e.Message.TrimEnd('.')}.", "Put a Sigstore trusted root (JSON) there.");
            return null;
        }
    }
}
