using System.Text;

namespace Actors.Verification.Policy;

/// <summary>Loads <c>policy.yaml</c>, all or nothing.</summary>
internal static class PolicyLoader
{
    /// <summary>Most bytes of a policy file.</summary>
    public const int MaxFileBytes = 256 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The policy of that file.</summary>
    /// <exception cref="PolicyException">It cannot be used; holds every fault that was found.</exception>
    public static PolicyDocument Load(string path)
    {
        var (bytes, root) = ReadFile(path);
        var reader = new PolicyReader(path);
        var keys = new PolicyKeys(Path.GetDirectoryName(Path.GetFullPath(path))!, reader);
        IReadOnlyList<RegistryRule> rules = [];
        IReadOnlyDictionary<string, SandboxProfile> profiles = new Dictionary<string, SandboxProfile>(StringComparer.Ordinal);
        if (reader.Fields(root, "The policy", ["version", "registries", "profiles"], []) is { } fields)
        {
            if (fields.TryGetValue("version", out var version))
            {
                reader.Choice(version, "'version'", "1");
            }

            rules = fields.TryGetValue("registries", out var registries) ? new PolicyRegistries(reader, keys).Read(registries) : rules;
            profiles = fields.TryGetValue("profiles", out var section) ? new PolicyProfiles(reader).Read(section) : profiles;
        }

        return reader.Faults.Count == 0 ? new PolicyDocument(keys.Revision(bytes), rules, profiles) : throw new PolicyException(reader.Faults);
    }

    private static (byte[] Bytes, PolicyNode Root) ReadFile(string path)
    {
        try
        {
            var bytes = BoundedFile.Read(path, MaxFileBytes) ?? throw Single(path, 0, $"The policy has more than {MaxFileBytes} bytes.", "Make it smaller.");
            return (bytes, PolicyYaml.Parse(StrictUtf8.GetString(bytes)));
        }
        catch (PolicySyntaxException e)
        {
            throw Single(path, e.Line, e.Message, e.Fix);
        }
        catch (DecoderFallbackException)
        {
            throw Single(path, 0, "The policy is not UTF-8.", "Save it as UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw Single(path, 0, "The policy cannot be read.", "Put a policy file there, readable for this process, or configure another path.");
        }
    }

    private static PolicyException Single(string path, int line, string problem, string fix) => new([new PolicyFault(path, line, problem, fix)]);
}
