using System.Net.NetworkInformation;
using System.Net.Sockets;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>What a container of this machine must not reach: the machine itself and its name servers.</summary>
internal static class HostTargets
{
    private const int MostAddresses = 8;

    internal static IReadOnlyList<ForbiddenTarget> Find()
    {
        var own = NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Select(a => a.Address)
            .Where(a => a.AddressFamily == AddressFamily.InterNetwork || !a.IsIPv6LinkLocal)
            .Take(MostAddresses)
            .Select(a => new ForbiddenTarget("node", a.ToString(), 22));
        return [.. own, .. NameServers().Select(s => new ForbiddenTarget("dns", s, 53))];
    }

    // One on loopback is the machine's own; in a sandbox that address is the sandbox'.
    private static IEnumerable<string> NameServers()
    {
        try
        {
            return File.ReadLines("/etc/resolv.conf").Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w is ["nameserver", var a, ..] && System.Net.IPAddress.TryParse(a, out _)).Select(w => w[1]).Take(3).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
