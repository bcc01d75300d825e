using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Reads the policy's <c>hosts</c>: how registries are spoken to.</summary>
internal sealed class PolicyHosts(PolicyReader reader)
{
    private const int MaxHosts = 100;
    private const int MaxOthers = 8;

    /// <summary>The options by host.</summary>
    public IReadOnlyDictionary<string, HostOptions> Read(PolicyNode node)
    {
        var hosts = new Dictionary<string, HostOptions>(StringComparer.Ordinal);
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

        return hosts;
    }

    private HostOptions? ReadOptions(string name, PolicyNode node)
    {
        if (reader.Fields(node, $"Host '{PolicyReader.Shorten(name)}'", [], ["insecure", "mirrors", "auth_hosts", "allow_private"]) is not { } fields)
        {
            return null;
        }

        var insecure = fields.TryGetValue("insecure", out var plain) && reader.Flag(plain, "'insecure'") == true;
        var isPrivate = fields.TryGetValue("allow_private", out var allow) && reader.Flag(allow, "'allow_private'") == true;
        return new HostOptions(insecure, Hosts(fields, "mirrors"), Hosts(fields, "auth_hosts"), isPrivate);
    }

    private IReadOnlyList<string> Hosts(Dictionary<string, PolicyNode> fields, string name) =>
        fields.TryGetValue(name, out var node) && reader.Texts(node, $"'{name}'", MaxOthers) is { } texts && texts.All(t => IsHost(node, t)) ? texts : [];

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
