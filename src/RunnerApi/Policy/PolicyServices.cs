using Actors.Verification.Cosign;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Actors.RunnerApi.Policy;

/// <summary>Registers the policy gate.</summary>
internal static class PolicyServices
{
    /// <summary>Adds <see cref="IPolicyGate"/>. The policy is read when the host starts; a bad one fails the start with <see cref="PolicyException"/>.</summary>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    public static IServiceCollection AddPolicyGate(this IServiceCollection services, PolicyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentException.ThrowIfNullOrWhiteSpace(options.PolicyFile);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(options.Deadline, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Deadline, TimeSpan.FromMinutes(10));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CacheTime, TimeSpan.Zero);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_ => PolicyLoader.Load(options.PolicyFile));
        services.AddSingleton(_ => new OciClient());
        services.AddSingleton<CosignVerifier>();
        services.AddSingleton<VerifiedImageCache>();
        services.AddSingleton<ImageChecker>();
        services.AddSingleton<IPolicyGate, PolicyGate>();
        services.AddHostedService<PolicyStartup>();
        return services;
    }
}
