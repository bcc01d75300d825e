using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using Actors.RunnerApi.Contracts.Configuration;

namespace Actors.RunnerApi.Podman;

/// <summary>Which engine runs the containers.</summary>
public enum EngineKind
{
    /// <summary>Podman 4.3 or newer, with conmon 2.1.</summary>
    Podman,

    /// <summary>Docker, API 1.40 or newer. It cannot end a container's lifetime by itself; the runner's reaper does.</summary>
    Docker,
}

/// <summary>Settings of the local sandbox driver, section <c>sandbox</c>.</summary>
public sealed record PodmanOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "sandbox";

    /// <summary>Which engine.</summary>
    [EnumDataType(typeof(EngineKind), ErrorMessage = "is neither podman nor docker")]
    public EngineKind Engine { get; init; } = EngineKind.Podman;

    /// <summary>The engine's program, absolute or by name; empty means <c>podman</c> or <c>docker</c> from the PATH.</summary>
    [RegularExpression("^(/.*|[^/]+)$", ErrorMessage = "is neither an absolute path nor a bare program name")]
    public string Path { get; init; } = "";

    /// <summary>Tells the containers of several runners on one machine apart: 1 to 63 of <c>a-z 0-9 -</c>; empty takes it from the state directory's path.</summary>
    [RegularExpression("^[a-z0-9][a-z0-9-]{0,62}$", ErrorMessage = "is not 1 to 63 characters of a-z, 0-9 and '-' that start with a letter or digit")]
    public string Instance { get; init; } = "";

    /// <summary>Podman's storage; empty means its default.</summary>
    [RegularExpression("^/.*$", ErrorMessage = "is no absolute path")]
    public string Root { get; init; } = "";

    /// <summary>Podman's volatile storage; empty means its default. Set together with <see cref="Root"/>.</summary>
    [RegularExpression("^/.*$", ErrorMessage = "is no absolute path")]
    public string RunRoot { get; init; } = "";

    /// <summary>gVisor's platform: <c>ptrace</c> runs everywhere, <c>systrap</c> and <c>kvm</c> are faster where they exist.</summary>
    [RegularExpression("^(ptrace|systrap|kvm)$", ErrorMessage = "is none of ptrace, systrap and kvm")]
    public string GvisorPlatform { get; init; } = "ptrace";

    /// <summary>Most seconds that one short request to the engine may take; 1 to 600.</summary>
    [Range(1, 600)]
    public int CommandTimeoutSeconds { get; init; } = 30;

    /// <summary>Most seconds from start until the container runs; 1 to 600.</summary>
    [Range(1, 600)]
    public int StartTimeoutSeconds { get; init; } = 60;

    /// <summary>Most seconds for one pull; 1 to 3600.</summary>
    [Range(1, 3600)]
    public int PullTimeoutSeconds { get; init; } = 300;

    /// <summary>The gate's file with registry credentials, for pulls; empty for the engine's own. Only its path is passed on.</summary>
    internal string RegistryAuthFile { get; init; } = "";

    /// <summary>The program to run.</summary>
    internal string Program => Path.Length > 0 ? Path : Engine == EngineKind.Podman ? "podman" : "docker";

    /// <summary>Reads and checks the section.</summary>
    internal static PodmanOptions Read(SettingsReader reader)
    {
        var options = reader.Read<PodmanOptions>();
        if (options.Root.Length == 0 != (options.RunRoot.Length == 0))
        {
            reader.Fault(nameof(RunRoot), $"must be set together with {Section}:{nameof(Root)}.");
        }

        return options;
    }

    /// <summary>These options with an instance: runners with state directories of their own never take each other's containers for orphans.</summary>
    internal PodmanOptions WithInstanceOf(string stateDirectory) => Instance.Length > 0
        ? this
        : this with { Instance = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(System.IO.Path.GetFullPath(stateDirectory))))[..12] };
}
