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
        options.Check();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IPolicyGate>(s => PolicyGate.Open(options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PolicyGate>>()));
        services.AddHostedService<PolicyStartup>();
        return services;
    }
}
