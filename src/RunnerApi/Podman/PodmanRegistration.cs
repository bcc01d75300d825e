using Actors.RunnerApi.Sandboxes;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Actors.RunnerApi.Podman;

/// <summary>Adds the local sandbox driver.</summary>
public static class PodmanRegistration
{
    /// <summary>Registers <see cref="ISandboxDriver"/> over Podman or Docker, bound to the section <c>sandbox</c> and validated at start.</summary>
    public static IServiceCollection AddPodman(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddOptions<PodmanOptions>().Bind(configuration.GetSection(PodmanOptions.Section)).ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PodmanOptions>, PodmanOptionsValidator>());
        services.AddSingleton<ISandboxDriver>(s => new PodmanDriver(
            s.GetRequiredService<IOptions<PodmanOptions>>().Value,
            s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<ILogger<PodmanDriver>>()));
        return services;
    }
}
