using System.ComponentModel.DataAnnotations;

namespace Actors.RunnerApi.Configuration;

/// <summary>Which sandbox driver.</summary>
internal enum DriverKind
{
    /// <summary>Containers of the local Podman or Docker.</summary>
    Podman,

    /// <summary>Pods of a Kubernetes cluster.</summary>
    Kubernetes,
}

/// <summary>Settings of the runner, section <c>Actors:Runner</c>; environment variables are <c>ACTORS__RUNNER__NAME</c>.</summary>
internal sealed class RunnerOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Actors:Runner";

    /// <summary>Where to listen: <c>http://</c>, an IP address or <c>localhost</c>, and a port; port 0 takes a free one.</summary>
    [Required]
    public string Url { get; set; } = "http://127.0.0.1:7431";

    /// <summary>Where metrics are served for Prometheus, without authentication and nothing else: <c>http://</c>, an IP address or <c>localhost</c>, and a port; empty: nowhere.</summary>
    public string MetricsUrl { get; set; } = "";

    /// <summary>Allows an address that other machines can reach, such as a ClusterIP's pod.</summary>
    public bool AllowNonLoopback { get; set; }

    /// <summary>File with the bearer token that every caller must send; at least 32 characters, readable by its owner only.</summary>
    [Required]
    public string TokenFile { get; set; } = "";

    /// <summary>Where sandboxes run: on this machine, or as pods of a cluster (section <c>Actors:Runner:Kubernetes</c>).</summary>
    [EnumDataType(typeof(DriverKind), ErrorMessage = "is neither podman nor kubernetes")]
    public DriverKind Driver { get; set; } = DriverKind.Podman;

    /// <summary>The policy that decides every image, <c>policy.yaml</c>.</summary>
    [Required]
    public string PolicyFile { get; set; } = "";

    /// <summary>Most seconds for one policy decision, the registry's answers included.</summary>
    [Range(1, 600)]
    public int DecisionSeconds { get; set; } = 20;

    /// <summary>Seconds for which an image that was admitted need not be verified again; 0 verifies each time.</summary>
    [Range(0, 3600)]
    public int DecisionCacheSeconds { get; set; } = 60;

    /// <summary>Seconds between two looks at the policy's files for a change; 0 never looks.</summary>
    [Range(0, 3600)]
    public int PolicyReloadSeconds { get; set; } = 5;

    /// <summary>Credentials for registries, in the format of Docker's <c>config.json</c>; empty reads anonymously.</summary>
    public string RegistryAuthFile { get; set; } = "";

    /// <summary>Which child of a multi-platform image runs, such as <c>linux/arm64</c>; empty for linux on the runner's own processor. A profile that selects nodes by processor runs theirs.</summary>
    public string Platform { get; set; } = "";

    /// <summary>Directory of the journal: what was launched and which calls were sent.</summary>
    [Required]
    public string StateDirectory { get; set; } = "";

    /// <summary>Directory with one file per secret; empty means that there are no secrets.</summary>
    public string SecretsDirectory { get; set; } = "";

    /// <summary>Most sandboxes that run at once.</summary>
    [Range(1, 1000)]
    public int MaxSandboxes { get; set; } = 64;

    /// <summary>Most calls of one sandbox without an answer.</summary>
    [Range(1, 128)]
    public int MaxCallsInFlight { get; set; } = 16;

    /// <summary>Most calls of one sandbox in its life.</summary>
    [Range(1, 100_000)]
    public int MaxCalls { get; set; } = 4096;

    /// <summary>Longest line of stdout in bytes; a longer one is skipped.</summary>
    [Range(1024, 4 * 1024 * 1024)]
    public int MaxLineBytes { get; set; } = 1024 * 1024;

    /// <summary>Bytes of stdout and stderr together after which a sandbox is stopped.</summary>
    [Range(4096, 1024 * 1024 * 1024)]
    public int MaxOutputBytes { get; set; } = 64 * 1024 * 1024;

    /// <summary>Lines of stdout that are no valid message after which a sandbox is stopped.</summary>
    [Range(1, 1_000_000)]
    public int MaxNoiseLines { get; set; } = 10_000;

    /// <summary>Seconds that a server has to answer <c>initialize</c>.</summary>
    [Range(1, 600)]
    public int HandshakeSeconds { get; set; } = 30;

    /// <summary>Seconds after a re-attach during which no call or handshake is given up, so that answers in the replayed output are found first.</summary>
    [Range(1, 300)]
    public int ReplayGraceSeconds { get; set; } = 10;

    /// <summary>Seconds without any request that names a sandbox after which it is an orphan.</summary>
    [Range(10, 86_400)]
    public int OrphanGraceSeconds { get; set; } = 300;

    /// <summary>Seconds between two sweeps of the reaper.</summary>
    [Range(1, 3600)]
    public int SweepSeconds { get; set; } = 15;

    /// <summary>The reaper only logs what it would stop or remove.</summary>
    public bool ReaperDryRun { get; set; }
}
