using System.Net;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Podman;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Configuration;

/// <summary>What the host needs before it starts: checked options, the token, the address, the sandbox engine.</summary>
internal sealed record RunnerSettings(RunnerOptions Options, RunnerToken Token, IPEndPoint Endpoint, PodmanOptions Engine, EgressOptions Egress)
{
    /// <summary>Settings of the policy gate.</summary>
    public PolicyOptions Policy => new()
    {
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
        var token = reader.Token(nameof(RunnerOptions.TokenFile), options.TokenFile);
        CheckPaths(options, reader);

        var sandbox = configuration.GetSection(PodmanOptions.Section);
        var engineReader = new SettingsReader(PodmanOptions.Section, key => sandbox[key]);
        var engine = PodmanOptions.Read(engineReader);
        var egressReader = new SettingsReader(EgressOptions.Section, key => configuration.GetSection(EgressOptions.Section)[key]);
        var egress = EgressOptions.Read(egressReader);
        SettingsReader.ThrowOnFaults(reader, engineReader, egressReader);
        return new RunnerSettings(options, new RunnerToken(token!), endpoint!, engine.WithInstanceOf(options.StateDirectory) with { RegistryAuthFile = AbsolutePath(options.RegistryAuthFile) }, egress);
    }

    private static string AbsolutePath(string path) => path.Length == 0 ? "" : Path.GetFullPath(path);

    private static void CheckPaths(RunnerOptions options, SettingsReader reader)
    {
        if (options.StateDirectory.Length > 0 && !Path.IsPathFullyQualified(options.StateDirectory))
        {
            reader.Fault(nameof(RunnerOptions.StateDirectory), "must be an absolute path.");
        }

        if (options.SecretsDirectory.Length > 0 && !Directory.Exists(options.SecretsDirectory))
        {
            reader.Fault(nameof(RunnerOptions.SecretsDirectory), "the directory does not exist.");
        }

        if (options.RegistryAuthFile.Length > 0 && !File.Exists(options.RegistryAuthFile))
        {
            reader.Fault(nameof(RunnerOptions.RegistryAuthFile), "the file does not exist.");
        }
    }
}
