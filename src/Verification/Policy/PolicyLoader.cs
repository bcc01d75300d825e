using System.Security.Cryptography;
using System.Text;
using Actors.Verification.Oci;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Policy;

/// <summary>Loads <c>policy.yaml</c> and the files that it names, all or nothing.</summary>
internal static class PolicyLoader
{
    /// <summary>Most bytes of a policy file.</summary>
    public const int MaxFileBytes = 256 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The policy of that file.</summary>
    /// <exception cref="PolicyException">It cannot be used; holds every fault that was found.</exception>
    public static PolicyDocument Load(string path)
    {
        var load = Attempt(path);
        return load.Policy ?? throw new PolicyException(load.Faults);
    }

    /// <summary>Tries to load; faults are a result. Reads each file once.</summary>
    public static PolicyLoad Attempt(string path)
    {
        var files = new PolicyFiles(path);
        var reader = new PolicyReader(path);
        var policy = ParseYaml(reader, files) is { } root ? ReadPolicy(root, reader, files) : null;
        return new PolicyLoad(reader.Faults.Count == 0 ? policy : null, reader.Faults, files.Stamps);
    }

    private static PolicyNode? ParseYaml(PolicyReader reader, PolicyFiles files)
    {
        var (stamp, bytes) = files.ReadPolicy(MaxFileBytes);
        if (bytes is null)
        {
            var (problem, fix) = stamp.IsUnreadable
                ? ("The policy cannot be read.", "Put a policy file there, readable for this process, or configure another path.")
                : ($"The policy has more than {MaxFileBytes} bytes.", "Make it smaller.");
            reader.Fault(0, problem, fix);
            return null;
        }

        try
        {
            return PolicyYaml.Parse(StrictUtf8.GetString(bytes));
        }
        catch (PolicySyntaxException e)
        {
            reader.Fault(e.Line, e.Message, e.Fix);
        }
        catch (DecoderFallbackException)
        {
            reader.Fault(0, "The policy is not UTF-8.", "Save it as UTF-8.");
        }

        return null;
    }

    private static PolicyDocument? ReadPolicy(PolicyNode root, PolicyReader reader, PolicyFiles files)
    {
        if (reader.Fields(root, "The policy", ["version", "registries", "profiles"], ["trust_roots", "hosts", "deny_digests", "deny_digests_file"]) is not { } fields)
        {
            return null;
        }

        void With(string name, Action<PolicyNode> read)
        {
            if (fields.TryGetValue(name, out var node))
            {
                read(node);
            }
        }

        var roots = new PolicyTrustRoots(reader, files);
        var denied = new PolicyDenyList(reader, files);
        IReadOnlyDictionary<string, RegistryOptions> hosts = new Dictionary<string, RegistryOptions>(StringComparer.Ordinal);
        IReadOnlyList<RegistryRule> rules = [];
        IReadOnlyDictionary<string, SandboxProfile> profiles = new Dictionary<string, SandboxProfile>(StringComparer.Ordinal);
        With("version", node => reader.Choice(node, "'version'", "1"));
        With("trust_roots", roots.Read);
        With("hosts", node => hosts = new PolicyHosts(reader).Read(node));
        With("registries", node => rules = new PolicyRegistries(reader, files, roots).Read(node));
        With("profiles", node => profiles = new PolicyProfiles(reader).Read(node));
        With("deny_digests", denied.Read);
        With("deny_digests_file", denied.ReadFile);
        return new PolicyDocument
        {
            Revision = files.Revision(),
            Rules = rules,
            Profiles = profiles,
            DeniedDigests = denied.Digests,
            TrustRoots = roots.Used,
            TrustRootsHash = HashOf(roots.Used),
            Hosts = hosts,
        };
    }

    private static string HashOf(Dictionary<string, TrustedRoot> roots)
    {
        var lines = roots.OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => $"{r.Key} {r.Value.Sha256}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }
}
