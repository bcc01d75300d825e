using Actors.Verification.Policy;

namespace Actors.Verification.Tests.Policy;

/// <summary>A temporary folder with a policy and its keys.</summary>
internal sealed class PolicyFolder : IDisposable
{
    public const string Profiles = """
        profiles:
          default:
            runtime: auto
            network: none
            defaults: { cpu: 500m, memory: 256Mi, pids: 256, lifetime: 10m }
            caps:     { cpu: "2", memory: 1Gi, pids: 512, lifetime: 1h }
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("actors-policy-").FullName;

    public string PolicyPath => Path.Combine(_directory, "policy.yaml");

    public PolicyFolder Write(string name, string content)
    {
        var path = Path.Combine(_directory, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return this;
    }

    /// <summary>Writes a policy of these rules and the default profile.</summary>
    public PolicyFolder WriteRules(string rules, string sections = "") => Write("policy.yaml", $"version: 1\n{(sections.Length == 0 ? "" : sections + "\n")}registries:\n{rules}\n{Profiles}\n");

    public PolicyDocument Load() => PolicyLoader.Load(PolicyPath);

    public IReadOnlyList<PolicyFault> Faults() => Xunit.Assert.Throws<PolicyException>(Load).Faults;

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
