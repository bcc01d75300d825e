using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Podman;

namespace Actors.RunnerApi.Sandboxes;

/// <summary>Adds the driver that the settings name.</summary>
internal static class DriverRegistration
{
    /// <summary>Registers <see cref="ISandboxDriver"/>.</summary>
    public static IServiceCollection AddDriver(this IServiceCollection services, RunnerSettings settings) =>
        settings.Cluster is { } cluster ? services.AddKubernetes(cluster) : services.AddPodman(settings.Engine);
}
