using System.Net;
using Actors.Verification.Network;

namespace Actors.Verification.Policy;

/// <summary>Reads the <c>egress</c> of a profile: which targets its sandboxes may reach.</summary>
internal sealed class PolicyEgress(PolicyReader reader)
{
    private const int MaxRules = 64;
    private const int LargestNetwork4 = 8;
    private const int LargestNetwork6 = 32;

    /// <summary>The rules that are without fault.</summary>
    public IReadOnlyList<EgressRule> Read(string profile, PolicyNode node)
    {
        var what = $"'egress' of profile '{profile}'";
        if (reader.Fields(node, what, ["allow"], []) is not { } fields || !fields.TryGetValue("allow", out var allow))
        {
            return [];
        }

        var rules = new List<EgressRule>();
        foreach (var item in reader.Items(allow, $"'allow' in {what}", MaxRules))
        {
            if (ReadRule(item) is not { } rule)
            {
                continue;
            }

            if (rules.Exists(r => (r.Host, r.Cidr, r.Port) == (rule.Host, rule.Cidr, rule.Port)))
            {
                reader.Fault(item.Line, $"{what} allows '{rule.Host ?? rule.Cidr}' with port {rule.Port} twice.", "Keep one of them.");
            }

            rules.Add(rule);
        }

        return rules;
    }

    private EgressRule? ReadRule(PolicyNode node)
    {
        if (reader.Fields(node, "An egress rule", ["port"], ["host", "cidr", "allow_private", "tls"]) is not { } fields)
        {
            return null;
        }

        if (fields.ContainsKey("host") == fields.ContainsKey("cidr"))
        {
            reader.Fault(node.Line, "An egress rule has not exactly one of 'host' and 'cidr'.", "Write host: \"api.example.com\" or cidr: \"203.0.113.0/24\".");
            return null;
        }

        var port = fields.TryGetValue("port", out var p) ? reader.Number(p, "'port'", 1, ushort.MaxValue) : null;
        var allowPrivate = fields.TryGetValue("allow_private", out var a) && reader.Flag(a, "'allow_private'") == true;
        if (port is not { } number)
        {
            return null;
        }

        return fields.TryGetValue("host", out var host)
            ? ReadHost(host, fields.GetValueOrDefault("tls")) is { } rule ? rule with { Port = (int)number, AllowPrivate = allowPrivate } : null
            : ReadNetwork(fields["cidr"], fields.GetValueOrDefault("tls"), allowPrivate) is { } cidr ? new EgressRule { Cidr = cidr, Port = (int)number, AllowPrivate = allowPrivate, Tls = false } : null;
    }

    private EgressRule? ReadHost(PolicyNode node, PolicyNode? tls)
    {
        if (reader.Text(node, "'host'") is not { } text)
        {
            return null;
        }

        if (!HostName.IsPattern(text))
        {
            reader.Fault(node.Line, $"'{PolicyReader.Shorten(text)}' is no host that can be allowed.", "Write a lower-case name such as 'api.example.com', or '*.example.com' for one label before it; addresses go under 'cidr'.");
            return null;
        }

        return new EgressRule { Host = text, Port = 0, Tls = tls is null || reader.Flag(tls, "'tls'") != false };
    }

    private string? ReadNetwork(PolicyNode node, PolicyNode? tls, bool allowPrivate)
    {
        if (tls is not null)
        {
            reader.Fault(tls.Line, "'tls' says nothing of a 'cidr'.", "Remove it: addresses are reached as they are.");
        }

        if (reader.Text(node, "'cidr'") is not { } text)
        {
            return null;
        }

        // What is no network leaves one that is written otherwise.
        _ = IPNetwork.TryParse(text, out var network);
        if (network.ToString() != text)
        {
            reader.Fault(node.Line, $"'{PolicyReader.Shorten(text)}' is no network in canonical form.", "Write one such as '203.0.113.0/24', '203.0.113.7/32' or '2606:4700::/32', without bits after the prefix.");
            return null;
        }

        if (network.PrefixLength < (network.BaseAddress.GetAddressBytes().Length == 4 ? LargestNetwork4 : LargestNetwork6))
        {
            reader.Fault(node.Line, $"The network '{text}' is too large.", $"Name the addresses that are needed; at most a /{LargestNetwork4}, with IPv6 a /{LargestNetwork6}.");
            return null;
        }

        CheckReach(node, text, network, allowPrivate);
        return text;
    }

    private void CheckReach(PolicyNode node, string text, IPNetwork network, bool allowPrivate)
    {
        if (!SpecialNetworks.IsPublicOrOwn(network))
        {
            reader.Fault(node.Line, $"The network '{text}' holds link-local, metadata, multicast or reserved addresses.", "Leave them out; they are never reached.");
        }
        else if (!allowPrivate && !SpecialNetworks.IsPublic(network))
        {
            reader.Fault(node.Line, $"The network '{text}' holds private or loopback addresses.", "Write allow_private: true beside it when that is meant.");
        }
    }
}
