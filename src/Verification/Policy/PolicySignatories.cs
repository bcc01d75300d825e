using System.Text;
using Actors.Verification.Cryptography;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Reads who must have signed: <c>key</c> or <c>keyless</c>.</summary>
internal sealed class PolicySignatories(PolicyReader reader, PolicyFiles files, PolicyTrustRoots roots)
{
    /// <summary>The keys of a signatory, beside <c>key</c> and <c>keyless</c>.</summary>
    public static readonly IReadOnlyList<string> Options = ["transparency_log", "trust_root"];

    private const int MaxKeyFileBytes = 16 * 1024;
    private const int MaxIdentityLength = 2048;

    /// <summary>The signatory of a mapping that holds exactly one of <c>key</c> and <c>keyless</c>.</summary>
    public SignatoryRule? Read(PolicyNode node, Dictionary<string, PolicyNode> fields)
    {
        if (fields.TryGetValue("key", out var key) == fields.TryGetValue("keyless", out var keyless))
        {
            reader.Fault(node.Line, "A signatory has both or none of 'key' and 'keyless'.", "Write exactly one of them.");
            return null;
        }

        if (keyless is null)
        {
            return ReadKey(key!, fields);
        }

        foreach (var name in Options.Where(fields.ContainsKey))
        {
            reader.Fault(fields[name].Line, $"'{name}' stands beside 'keyless'.", "Write a trust root inside of 'keyless'; a keyless signature always needs a transparency log.");
        }

        return ReadKeyless(keyless);
    }

    private SignatoryRule? ReadKey(PolicyNode node, Dictionary<string, PolicyNode> fields)
    {
        var log = fields.TryGetValue("transparency_log", out var demand) ? reader.Choice(demand, "'transparency_log'", "required", "ignored") : "ignored";
        if (log == "ignored" && fields.TryGetValue("trust_root", out var unused))
        {
            reader.Fault(unused.Line, "'trust_root' has no effect without a transparency log.", "Add 'transparency_log: required', or remove it.");
        }

        var root = log == "required" ? ReadRoot(node, fields) : null;
        var content = files.Read(reader, node, "Key file", MaxKeyFileBytes, "one PEM public key");
        if (content is null)
        {
            return null;
        }

        var path = ((PolicyScalar)node).Value;
        if (!TrustedPublicKey.TryParse(path, Encoding.Latin1.GetString(content), out var key, out var fault))
        {
            reader.Fault(node.Line, $"Key file '{PolicyReader.Shorten(path)}' {fault}.", "Put one PEM 'PUBLIC KEY' there: ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 to 8192 bits.");
            return null;
        }

        return new SignatoryRule(path, $"{key.Fingerprint} {root?.Sha256}", new BundleDemands(new KeySignatory(key), root, RequireTransparencyLog: log != "ignored"), root);
    }

    private SignatoryRule? ReadKeyless(PolicyNode node)
    {
        if (reader.Fields(node, "'keyless'", [], ["identity", "identity_regex", "issuer", "issuer_regex", "trust_root"]) is not { } fields)
        {
            return null;
        }

        return (ReadPattern(node, fields, "identity"), ReadPattern(node, fields, "issuer"), ReadRoot(node, fields)) is ({ } identity, { } issuer, { } root)
            ? new SignatoryRule(
                $"{identity} by {issuer}",
                $"{identity}\n{issuer}\n{root.Sha256}",
                new BundleDemands(new KeylessSignatory(new CertificateIdentity(identity, issuer), root), root, RequireTransparencyLog: true),
                root)
            : null;
    }

    private TrustedRoot? ReadRoot(PolicyNode node, Dictionary<string, PolicyNode> fields)
    {
        if (!fields.TryGetValue("trust_root", out var named))
        {
            return roots.Use(PolicyTrustRoots.PublicGood, node.Line);
        }

        return reader.Text(named, "'trust_root'") is { } name ? roots.Use(name, named.Line) : null;
    }

    private IdentityPattern? ReadPattern(PolicyNode node, Dictionary<string, PolicyNode> fields, string name)
    {
        var exact = fields.GetValueOrDefault(name);
        var regex = fields.GetValueOrDefault(name + "_regex");
        if (exact is null == regex is null)
        {
            reader.Fault(node.Line, $"'keyless' has both or none of '{name}' and '{name}_regex'.", "Write exactly one of them: who signed and who vouches for that are both needed.");
            return null;
        }

        if (regex is not null)
        {
            return reader.Expression(regex, $"'{name}_regex'");
        }

        var text = reader.Text(exact!, $"'{name}'");
        if (text?.Length > MaxIdentityLength)
        {
            reader.Fault(exact!.Line, $"'{name}' has more than {MaxIdentityLength} characters.", "Write the whole identity.");
            return null;
        }

        return text is null ? null : IdentityPattern.Exact(text);
    }
}
