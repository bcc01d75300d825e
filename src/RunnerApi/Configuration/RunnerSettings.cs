using System.Net;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Podman;
using Actors.Verification.Oci;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Configuration;

/// <summary>What the host needs before it starts: checked options, the token, the address, the sandbox engine.</summary>
internal sealed record RunnerSettings(RunnerOptions Options, RunnerToken Token, IPEndPoint Endpoint, PodmanOptions Engine)
{
    /// <summary>The cluster; null with the driver of this machine.</summary>
    public ClusterSettings? Cluster { get; private init; }

    /// <summary>Settings of the isolation proof.</summary>
    public IsolationOptions Isolation { get; private init; } = new();

    /// <summary>Settings of the egress proxy.</summary>
    public EgressOptions Egress { get; private init; } = new();

    /// <summary>Where metrics are served; null: nowhere.</summary>
    public IPEndPoint? Metrics { get; private init; }

    /// <summary>What drives the sandboxes, for people.</summary>
    public string DriverName => Cluster is not null ? "kubernetes" : Engine.Engine == EngineKind.Docker ? "docker" : "podman";

    /// <summary>Settings of the policy gate.</summary>
    public PolicyOptions Policy => new()
    {
        Platform = OciPlatform.TryParse(Options.Platform, out var platform) ? platform : OciPlatform.Host,
        PlatformByNodes = Cluster is not null,
        PolicyFile = Options.PolicyFile,
        Deadline = TimeSpan.FromSeconds(Options.DecisionSeconds),
        CacheTime = TimeSpan.FromSeconds(Options.DecisionCacheSeconds),
        ReloadEvery = TimeSpan.FromSeconds(Options.PolicyReloadSeconds),
        RegistryAuthFile = Options.RegistryAuthFile,
    };

    /// <summary>Reads the sections <c>Actors:Runner</c> and <c>sandbox</c>.</summary>
    /// <exception cref="SettingsException">At least one value is missing or wrong.</exception>
    public static RunnerSettings Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(RunnerOptions.Section);
        var reader = new SettingsReader(RunnerOptions.Section, key => section[key]);
        var options = reader.Read<RunnerOptions>();
        var endpoint = reader.Endpoint(
            nameof(RunnerOptions.Url),
            options.Url,
            options.AllowNonLoopback,
            $"use 127.0.0.1, or set {RunnerOptions.Section}:{nameof(RunnerOptions.AllowNonLoopback)}=true where the network is closed.");
        var metrics = reader.Endpoint(nameof(RunnerOptions.MetricsUrl), options.MetricsUrl);
        var token = reader.Token(nameof(RunnerOptions.TokenFile), options.TokenFile);
        CheckValues(options, reader);

        var sandbox = configuration.GetSection(PodmanOptions.Section);
        var engineReader = new SettingsReader(PodmanOptions.Section, key => sandbox[key]);
        var engine = PodmanOptions.Read(engineReader);
        var clusterReader = ReaderOf(configuration, KubernetesOptions.Section);
        var cluster = options.Driver == DriverKind.Kubernetes ? ClusterSettings.Read(clusterReader) : null;
        var isolationReader = ReaderOf(configuration, IsolationOptions.Section);
        var isolation = isolationReader.Read<IsolationOptions>();
        var egressReader = ReaderOf(configuration, EgressOptions.Section);
        var egress = EgressOptions.Read(egressReader);
        SettingsReader.ThrowOnFaults(reader, engineReader, clusterReader, isolationReader, egressReader);
        return new RunnerSettings(options, new RunnerToken(token!), endpoint!, engine.WithInstanceOf(options.StateDirectory) with { RegistryAuthFile = AbsolutePath(options.RegistryAuthFile) })
        {
            Cluster = cluster,
            Egress = egress,
            Metrics = metrics,
            Isolation = isolation with { Required = isolation.Required ?? cluster is not null },
        };
    }

    private static SettingsReader ReaderOf(IConfiguration configuration, string name)
    {
        var section = configuration.GetSection(name);
        return new SettingsReader(name, key => section[key]);
    }

    private static string AbsolutePath(string path) => path.Length == 0 ? "" : Path.GetFullPath(path);

    private static void CheckValues(RunnerOptions options, SettingsReader reader)
    {
        if (options.StateDirectory.Length > 0 && !Path.IsPathFullyQualified(options.StateDirectory))
        {
            reader.Fault(nameof(RunnerOptions.StateDirectory), "must be an absolute path.");
        }

        if (options.SecretsDirectory.Length > 0 && !Directory.Exists(options.SecretsDirectory))
        {
            reader.Fault(nameof(RunnerOptions.SecretsDirectory), "the directory does not exist.");
        }

        if (options.Platform.Length > 0 && !(OciPlatform.TryParse(options.Platform, out var platform) && platform.Os == OciPlatform.Host.Os))
        {
            reader.Fault(nameof(RunnerOptions.Platform), "is no platform such as linux/amd64 or linux/arm64.");
        }

        if (options.RegistryAuthFile.Length > 0 && !File.Exists(options.RegistryAuthFile))
        {
            reader.Fault(nameof(RunnerOptions.RegistryAuthFile), "the file does not exist.");
        }
    }
}
