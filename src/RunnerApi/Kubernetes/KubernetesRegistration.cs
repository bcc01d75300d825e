using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>The cluster driver's settings with what they lead to.</summary>
internal sealed record ClusterSettings(KubernetesOptions Options, KubeConnection Connection)
{
    /// <summary>Reads the section and the credentials; every fault is noted. Null when there is one.</summary>
    internal static ClusterSettings? Read(SettingsReader reader)
    {
        var options = KubernetesOptions.Read(reader);
        if (options.KubeconfigFile.Length > 0 && !File.Exists(options.KubeconfigFile))
        {
            return null;
        }

        try
        {
            var connection = options.KubeconfigFile.Length > 0
                ? KubeConfigFile.Load(options.KubeconfigFile, options.Context, TimeProvider.System)
                : InCluster.Load(TimeProvider.System);
            var space = options.Namespace.Length > 0 ? options.Namespace : connection.Namespace;
            if (!string.IsNullOrEmpty(space))
            {
                return new ClusterSettings(options with { Namespace = space }, connection);
            }

            reader.Fault(nameof(KubernetesOptions.Namespace), "must be set, since the context names none.");
        }
        catch (KubeException e)
        {
            reader.Fault(nameof(KubernetesOptions.KubeconfigFile), e.Message);
        }

        return null;
    }
}

/// <summary>Adds the cluster driver.</summary>
internal static class KubernetesRegistration
{
    /// <summary>Registers <see cref="ISandboxDriver"/> and <see cref="IEgressNetwork"/> over a cluster.</summary>
    public static IServiceCollection AddKubernetes(this IServiceCollection services, ClusterSettings settings) => services
        .AddSingleton<ISandboxDriver>(s => new KubernetesDriver(Client(settings, s), settings.Options, s.GetRequiredService<ILogger<KubernetesDriver>>()) { LongestLine = s.GetRequiredService<RunnerOptions>().MaxLineBytes })
        .AddSingleton<IEgressNetwork>(s => new KubernetesEgress(Client(settings, s), settings.Options, s.GetRequiredService<EgressOptions>()));

    private static KubeClient Client(ClusterSettings settings, IServiceProvider services)
    {
        var patience = TimeSpan.FromSeconds(settings.Options.RequestTimeoutSeconds);
        return new KubeClient(new KubeTransport(settings.Connection, patience, services.GetRequiredService<TimeProvider>()), settings.Options.Namespace);
    }
}
