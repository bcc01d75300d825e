namespace Actors.RunnerApi.Podman;

/// <summary>Which command line drives the containers.</summary>
public enum EngineKind
{
    /// <summary>Podman 4.3 or newer, with conmon 2.1.</summary>
    Podman,

    /// <summary>The Docker CLI. It cannot end a container's lifetime by itself; the runner's reaper does.</summary>
    Docker,
}

/// <summary>Settings of the local sandbox driver, section <c>sandbox</c>.</summary>
public sealed record PodmanOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "sandbox";

    /// <summary>Which engine.</summary>
    public EngineKind Engine { get; init; } = EngineKind.Podman;

    /// <summary>The engine's program, absolute or by name; empty means <c>podman</c> or <c>docker</c> from the PATH.</summary>
    public string Path { get; init; } = "";

    /// <summary>Tells the containers of several runners on one machine apart: 1 to 63 of <c>a-z 0-9 -</c>.</summary>
    public string Instance { get; init; } = "default";

    /// <summary>Podman's storage; empty means its default.</summary>
    public string Root { get; init; } = "";

    /// <summary>Podman's volatile storage; empty means its default. Set together with <see cref="Root"/>.</summary>
    public string RunRoot { get; init; } = "";

    /// <summary>gVisor's platform: <c>ptrace</c> runs everywhere, <c>systrap</c> and <c>kvm</c> are faster where they exist.</summary>
    public string GvisorPlatform { get; init; } = "ptrace";

    /// <summary>Most seconds that one short engine command may take; 1 to 600.</summary>
    public int CommandTimeoutSeconds { get; init; } = 30;

    /// <summary>Most seconds from start until the container runs; 1 to 600.</summary>
    public int StartTimeoutSeconds { get; init; } = 60;

    /// <summary>Most seconds for one pull; 1 to 3600.</summary>
    public int PullTimeoutSeconds { get; init; } = 300;

    /// <summary>The program to run.</summary>
    internal string Program => Path.Length > 0 ? Path : Engine == EngineKind.Podman ? "podman" : "docker";
}
