using System.Net;
using System.Net.Sockets;

namespace Actors.Verification.Network;

/// <summary>The networks that are not the public internet.</summary>
internal static class SpecialNetworks
{
    private static readonly IPNetwork s_unicast6 = IPNetwork.Parse("2000::/3");

    // Private, shared and loopback: a site may have services of its own there.
    private static readonly IPNetwork[] s_own = Parse("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "::1/128");

    // Where clouds serve a machine's credentials, besides the link-local range.
    private static readonly IPNetwork[] s_metadata = Parse("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128");

    // This network, link-local, protocol assignments, relays, benchmarks, multicast, reserved; Teredo, ORCHID and the like.
    private static readonly IPNetwork[] s_reserved = Parse(
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "224.0.0.0/3", "2001::/23");

    private static readonly IPNetwork[] s_documentation = Parse("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32");

    // These carry IPv4 addresses, so as networks they stand for whatever is behind them.
    private static readonly IPNetwork[] s_carriers = Parse("2002::/16");

    public static bool IsOwn(IPAddress address) => Any(s_own, address);

    public static bool IsMetadata(IPAddress address) => Any(s_metadata, address);

    public static bool IsReserved(IPAddress address) => Any(s_reserved, address);

    public static bool IsDocumentation(IPAddress address) => Any(s_documentation, address);

    /// <summary>True for any IPv4 address, and for an IPv6 address that the internet routes.</summary>
    public static bool IsUnicast(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork || s_unicast6.Contains(address);

    /// <summary>True when the network touches none of the others. Documentation networks pass: nobody is there.</summary>
    public static bool IsPublic(IPNetwork network) =>
        !Touches(s_own, network) && !Touches(s_metadata, network) && !Touches(s_reserved, network) && !Touches(s_carriers, network)
        && (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork || Holds(s_unicast6, network));

    /// <summary>True when the network is public or lies within private, shared or loopback addresses; never when it touches link-local, metadata, multicast or reserved ones.</summary>
    public static bool IsPublicOrOwn(IPNetwork network) =>
        IsPublic(network) || (Array.Exists(s_own, own => Holds(own, network)) && !Touches(s_metadata, network));

    private static bool Touches(IPNetwork[] networks, IPNetwork network) => Array.Exists(networks, n => n.Contains(network.BaseAddress) || network.Contains(n.BaseAddress));

    private static bool Holds(IPNetwork outer, IPNetwork inner) => outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    private static bool Any(IPNetwork[] networks, IPAddress address) => Array.Exists(networks, n => n.Contains(address));

    private static IPNetwork[] Parse(params string[] networks) => Array.ConvertAll(networks, IPNetwork.Parse);
}
