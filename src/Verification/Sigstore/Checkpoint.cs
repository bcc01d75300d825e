using System.Globalization;
using System.Text;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>A log's signed statement of its size and root: a note of origin, size and root, a blank line, and signature lines.</summary>
internal sealed class Checkpoint
{
    /// <summary>Bytes of a key's hint in a signature line.</summary>
    public const int HintBytes = 4;

    private const int MaxChars = 64 * 1024;
    private const int MaxSignatures = 64;
    private const string LinePrefix = "— ";
    private readonly byte[] _text;

    private Checkpoint(string origin, long size, byte[] rootHash, byte[] text, IReadOnlyList<NoteSignature> signatures)
    {
        Origin = origin;
        Size = size;
        RootHash = rootHash;
        _text = text;
        Signatures = signatures;
    }

    public string Origin { get; }

    public long Size { get; }

    public byte[] RootHash { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <summary>Throws <see cref="VerificationException"/> (stage transparency_log) for anything but a well-formed checkpoint.</summary>
    public static Checkpoint Parse(string envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var split = envelope.Length <= MaxChars ? envelope.IndexOf("\n\n", StringComparison.Ordinal) : -1;
        if (split < 0 || !envelope.EndsWith('\n'))
        {
            throw Malformed("is no signed note");
        }

        var lines = envelope[..split].Split('\n');
        if (lines.Length < 3 || lines[0].Length == 0)
        {
            throw Malformed("lacks its origin, size or root hash");
        }

        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || (lines[1].Length > 1 && lines[1][0] == '0'))
        {
            throw Malformed("has a second line that is no tree size");
        }

        if (!StrictBase64.TryDecode(lines[2], maxChars: 64, out var root) || root.Length != MerkleTree.HashBytes)
        {
            throw Malformed("has a third line that is no root hash");
        }

        return new Checkpoint(lines[0], size, root, Encoding.UTF8.GetBytes(envelope[..(split + 1)]), ReadSignatures(envelope[(split + 2)..]));
    }

    /// <summary>True when this line's signature is by that key.</summary>
    public bool IsSignedBy(TrustedPublicKey key, NoteSignature line)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(line);
        return key.Verify(_text, line.Signature);
    }

    private static List<NoteSignature> ReadSignatures(string text)
    {
        var lines = text.TrimEnd('\n').Split('\n');
        if (lines.Length > MaxSignatures)
        {
            throw Malformed($"has more than {MaxSignatures} signatures");
        }

        return [.. lines.Select(ReadSignature)];
    }

    private static NoteSignature ReadSignature(string line)
    {
        var name = line.StartsWith(LinePrefix, StringComparison.Ordinal) ? line[LinePrefix.Length..].Split(' ') : [];
        if (name.Length != 2 || name[0].Length == 0 || !StrictBase64.TryDecode(name[1], maxChars: 16 * 1024, out var bytes) || bytes.Length <= HintBytes)
        {
            throw Malformed("has a signature line that cannot be read");
        }

        return new NoteSignature(name[0], bytes[..HintBytes], bytes[HintBytes..]);
    }

    private static VerificationException Malformed(string why) => new(VerificationStage.TransparencyLog, "checkpoint_malformed", $"The checkpoint {why}.");
}

/// <summary>One signature line of a note.</summary>
internal sealed record NoteSignature(string Name, byte[] Hint, byte[] Signature);
