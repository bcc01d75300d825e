using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Adds the local sandbox driver.</summary>
internal static class PodmanRegistration
{
    /// <summary>Registers <see cref="ISandboxDriver"/> over Podman or Docker.</summary>
    public static IServiceCollection AddPodman(this IServiceCollection services, PodmanOptions options) =>
        services.AddSingleton<ISandboxDriver>(s => new PodmanDriver(options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PodmanDriver>>()));
}
