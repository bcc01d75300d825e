using System.Net;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>What a look from inside must find when a profile's network is opened, and no wider.</summary>
/// <param name="Rules">Of the profile.</param>
/// <param name="Open">Must be reached: the proxy.</param>
/// <param name="Closed">Must not, beside all that no sandbox may reach: another port of the proxy's address.</param>
internal sealed record EgressExpectation(IReadOnlyList<EgressRule> Rules, IReadOnlyList<ForbiddenTarget> Open, IReadOnlyList<ForbiddenTarget> Closed)
{
    /// <summary>What these rules mean.</summary>
    public static EgressExpectation Of(IReadOnlyList<EgressRule> rules, IPEndPoint? proxy)
    {
        if (proxy is null)
        {
            return new EgressExpectation(rules, [], []);
        }

        // A port that is refused was reached: the packet went out.
        var address = proxy.Address.ToString();
        var beside = proxy.Port == ushort.MaxValue ? proxy.Port - 1 : proxy.Port + 1;
        return new EgressExpectation(rules, [new ForbiddenTarget("proxy", address, proxy.Port)], [new ForbiddenTarget("beside_proxy", address, beside)]);
    }

    /// <summary>True when the rules open a target directly.</summary>
    public bool IsOpen(ForbiddenTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        return Rules.Any(r => r.Cidr is { } cidr && r.Port == target.Port && IPNetwork.Parse(cidr).Contains(IPAddress.Parse(target.Host)))
            || Open.Any(o => o.Host == target.Host && o.Port == target.Port);
    }
}
