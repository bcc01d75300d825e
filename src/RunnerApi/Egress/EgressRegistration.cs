using System.Net;
using Actors.Verification.Network;

namespace Actors.RunnerApi.Egress;

/// <summary>Registers the proxy and what goes with it.</summary>
internal static class EgressRegistration
{
    /// <summary>Adds <see cref="SandboxEgress"/>. Until a driver registers its own <see cref="IEgressNetwork"/> after this, sandboxes have no network.</summary>
    public static IServiceCollection AddEgress(this IServiceCollection services, EgressOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton(new EgressDial(static (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken), EgressGuard.IsPublic, EgressGuard.IsPublicOrPrivate));
        services.AddSingleton<EgressGrants>();
        services.AddSingleton<EgressProxy>();
        services.AddSingleton<IEgressNetwork, ClosedNetwork>();
        services.AddSingleton<SandboxEgress>();

        // Before the reaper, which finds sandboxes that use it.
        services.AddHostedService(s => s.GetRequiredService<EgressProxy>());
        return services;
    }
}
