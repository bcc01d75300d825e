using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Reads the policy's <c>hosts</c>: how registries are spoken to.</summary>
internal sealed class PolicyHosts(PolicyReader reader)
{
    private const int MaxHosts = 100;
    private const int MaxOthers = 8;

    /// <summary>The options by host.</summary>
    public IReadOnlyDictionary<string, RegistryOptions> Read(PolicyNode node)
    {
        var hosts = new Dictionary<string, RegistryOptions>(StringComparer.Ordinal);
        var entries = reader.Entries(node, "'hosts'");
        if (entries?.Count is 0 or > MaxHosts)
        {
            reader.Fault(node.Line, $"There are not 1 to {MaxHosts} hosts.", "Write 'host: { … }' lines, or remove the section.");
        }

        foreach (var (name, value) in entries ?? [])
        {
            if (IsHost(value, name) && ReadOptions(name, value) is { } options)
            {
                hosts.Add(name, options);
            }
        }

        return hosts.ToDictionary(h => h.Key, h => h.Value with { Mirrors = [.. h.Value.Mirrors.Select(m => m with { Options = hosts.GetValueOrDefault(m.Host, RegistryOptions.Default) })] }, StringComparer.Ordinal);
    }

    private RegistryOptions? ReadOptions(string name, PolicyNode node)
    {
        if (reader.Fields(node, $"Host '{PolicyReader.Shorten(name)}'", [], ["insecure", "allow_private", "auth_hosts", "redirect_hosts", "mirrors"]) is not { } fields)
        {
            return null;
        }

        return new RegistryOptions
        {
            Insecure = fields.TryGetValue("insecure", out var plain) && reader.Flag(plain, "'insecure'") == true,
            AllowPrivateAddresses = fields.TryGetValue("allow_private", out var allow) && reader.Flag(allow, "'allow_private'") == true,
            AuthRealmHosts = ReadHosts(fields, "auth_hosts"),
            RedirectHosts = ReadHosts(fields, "redirect_hosts"),
            Mirrors = fields.TryGetValue("mirrors", out var mirrors) ? [.. reader.Items(mirrors, "'mirrors'", MaxOthers).Select(ReadMirror).OfType<RegistryMirror>()] : [],
        };
    }

    private IReadOnlyList<string> ReadHosts(Dictionary<string, PolicyNode> fields, string name) =>
        fields.TryGetValue(name, out var node) && reader.Texts(node, $"'{name}'", MaxOthers) is { } texts ? [.. texts.Where(t => IsHost(node, t))] : [];

    private RegistryMirror? ReadMirror(PolicyNode node)
    {
        if (reader.Fields(node, "A mirror", ["host"], ["prefix", "resolves_tags"]) is not { } fields)
        {
            return null;
        }

        if ((fields.TryGetValue("host", out var named) ? ReadHost(named) : null) is not { } host)
        {
            return null;
        }

        var prefix = fields.TryGetValue("prefix", out var path) ? reader.Text(path, "'prefix'") : "";
        if (prefix is null || (prefix.Length > 0 && !RegistryPattern.IsPath(prefix)))
        {
            reader.Fault(node.Line, "'prefix' is no path of a repository.", "Write one such as 'copies/hub'.");
            return null;
        }

        return new RegistryMirror(host, prefix) { ResolvesTags = fields.TryGetValue("resolves_tags", out var tags) && reader.Flag(tags, "'resolves_tags'") == true };
    }

    private string? ReadHost(PolicyNode node) => reader.Text(node, "'host'") is { } text && IsHost(node, text) ? text : null;

    private bool IsHost(PolicyNode node, string text)
    {
        var isHost = ImageReference.IsHost(text);
        if (!isHost)
        {
            reader.Fault(node.Line, $"'{PolicyReader.Shorten(text)}' is no host.", "Write a lower-case host name or IPv4 address, with ':port' where it needs one.");
        }

        return isHost;
    }
}
