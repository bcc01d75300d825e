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
        return [.. own, .. NameServers.Find()];
    }
}
