using System.Net;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>What a look from inside must find when a profile's network is opened, and no wider.</summary>
/// <param name="Rules">Of the profile.</param>
/// <param name="Open">Must be reached: the proxy.</param>
/// <param name="Closed">Must not, beside all that no sandbox may reach: another port of each address that is opened.</param>
internal sealed record EgressExpectation(IReadOnlyList<EgressRule> Rules, IReadOnlyList<ForbiddenTarget> Open, IReadOnlyList<ForbiddenTarget> Closed)
{
    /// <summary>Must be reached if the runner reaches it: rules of a single address.</summary>
    public IReadOnlyList<ForbiddenTarget> Allowed { get; init; } = [];

    /// <summary>What these rules mean.</summary>
    public static EgressExpectation Of(IReadOnlyList<EgressRule> rules, IPEndPoint? proxy)
    {
        var networks = rules.Where(r => r.Cidr is not null).Select(r => (Network: IPNetwork.Parse(r.Cidr!), r.Port)).ToList();
        List<ForbiddenTarget> closed = [.. networks.Select(n => Beside(rules, "cidr", n.Network.BaseAddress, n.Port)).OfType<ForbiddenTarget>().Distinct()];
        var allowed = networks.Where(n => n.Network.PrefixLength == n.Network.BaseAddress.GetAddressBytes().Length * 8).Select(n => new ForbiddenTarget("cidr", n.Network.BaseAddress.ToString(), n.Port));
        List<ForbiddenTarget> open = [];
        if (proxy is not null)
        {
            open.Add(new ForbiddenTarget("proxy", proxy.Address.ToString(), proxy.Port));
            closed.AddRange(Beside(rules, "proxy", proxy.Address, proxy.Port) is { } beside ? [beside] : []);
        }

        return new EgressExpectation(rules, open, closed) { Allowed = [.. allowed.Distinct()] };
    }

    /// <summary>True when the rules open a target directly.</summary>
    public bool IsOpen(ForbiddenTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return IsOpen(Rules, target) || Open.Any(o => o.Host == target.Host && o.Port == target.Port);
    }

    private static bool IsOpen(IReadOnlyList<EgressRule> rules, ForbiddenTarget target) =>
        rules.Any(r => r.Cidr is { } cidr && r.Port == target.Port && IPNetwork.Parse(cidr).Contains(IPAddress.Parse(target.Host)));

    // The next port that no rule opens; one that is refused was reached: the packet went out.
    private static ForbiddenTarget? Beside(IReadOnlyList<EgressRule> rules, string what, IPAddress address, int port) =>
        Enumerable.Range(1, 100).Select(i => new ForbiddenTarget("beside_" + what, address.ToString(), port + i <= ushort.MaxValue ? port + i : port - i)).FirstOrDefault(t => !IsOpen(rules, t));
}
