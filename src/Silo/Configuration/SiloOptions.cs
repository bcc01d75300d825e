using System.ComponentModel.DataAnnotations;

namespace Actors.Silo.Configuration;

/// <summary>Settings of the silo, section <c>Actors:Silo</c>; environment variables are <c>ACTORS__SILO__NAME</c>.</summary>
internal sealed class SiloOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Actors:Silo";

    /// <summary>Where to listen: <c>http://</c> or <c>https://</c>, an IP address or <c>localhost</c>, and a port; port 0 takes a free one. Without authentication on loopback only.</summary>
    [Required]
    public string Url { get; set; } = "http://127.0.0.1:7430";

    /// <summary>Where metrics are served for Prometheus, without authentication and nothing else: <c>http://</c>, an IP address or <c>localhost</c>, and a port; empty: nowhere.</summary>
    public string MetricsUrl { get; set; } = "";

    /// <summary>The path of a SQLite file, for one silo; or a PostgreSQL connection string (<c>Host=…;Database=…;Username=…</c>), which several silos may share.</summary>
    [Required]
    public string Database { get; set; } = "";

    /// <summary>File with the PostgreSQL password; it must not stand in <see cref="Database"/>.</summary>
    public string DatabasePasswordFile { get; set; } = "";

    /// <summary>This silo's name among the others, for people; the machine's when empty.</summary>
    public string SiloName { get; set; } = "";

    /// <summary>Seconds without a heartbeat after which a silo's runs go to others.</summary>
    [Range(3, 300)]
    public int LeaseSeconds { get; set; } = 15;

    /// <summary>Seconds that a stopping silo waits for writes in flight, before it hands its runs over.</summary>
    [Range(0, 120)]
    public int DrainSeconds { get; set; } = 5;

    /// <summary>The folder of workflow files.</summary>
    [Required]
    public string Workflows { get; set; } = "";

    /// <summary>Base address of the runner.</summary>
    [Required]
    public string RunnerUrl { get; set; } = "http://127.0.0.1:7431";

    /// <summary>File with the runner's bearer token.</summary>
    [Required]
    public string RunnerTokenFile { get; set; } = "";

    /// <summary>Runs that are worked on at once; more wait as queued.</summary>
    [Range(1, 10_000)]
    public int MaxActiveRuns { get; set; } = 32;

    /// <summary>Runs that may wait; a submit beyond is refused.</summary>
    [Range(0, 1_000_000)]
    public int MaxQueuedRuns { get; set; } = 10_000;

    /// <summary>Runs of one caller that all silos together work on at once, about.</summary>
    [Range(1, 1_000_000)]
    public int MaxActivePerSubmitter { get; set; } = 1_000_000;

    /// <summary>Submits are refused while the oldest queued run waits longer.</summary>
    [Range(1, 86_400)]
    public int MaxQueueAgeSeconds { get; set; } = 600;

    /// <summary>A run that was taken over more often without coming forward is given up.</summary>
    [Range(2, 1000)]
    public int MaxStrikes { get; set; } = 5;

    /// <summary>Days that finished runs and their traces are kept; 0 keeps them for ever.</summary>
    [Range(0, 36_500)]
    public int RetentionDays { get; set; }

    /// <summary>Seconds that <c>run_workflow</c> waits for the end before it answers with the status.</summary>
    [Range(0, 55)]
    public int RunWorkflowWaitSeconds { get; set; } = 45;

    /// <summary>Most bytes of a tool's result, about: a larger output is a link to a resource, a longer list goes on at its next page.</summary>
    [Range(65_536, 67_108_864)]
    public int MaxResultBytes { get; set; } = 1_048_576;

    /// <summary>File with the secret that signs MCP session ids, the same at every silo; a random one of this process when empty.</summary>
    public string SessionKeyFile { get; set; } = "";

    /// <summary>Hours after which an MCP session id is not taken any more.</summary>
    [Range(1, 720)]
    public int SessionHours { get; set; } = 24;

    /// <summary>MCP sessions that this silo has at hand; idle ones make room, beyond it a client is told to try again.</summary>
    [Range(1, 100_000)]
    public int MaxSessions { get; set; } = 2000;

    /// <summary>MCP requests that one caller may have in flight at this silo, streams among them; so many sessions it can keep busy.</summary>
    [Range(1, 100_000)]
    public int MaxCallsPerCaller { get; set; } = 500;

    /// <summary>Host names, besides loopback's, that a request's Host header may carry; separated by commas.</summary>
    public string AllowedHosts { get; set; } = "";

    /// <summary>Origins, besides loopback's, that a browser's request may come from; separated by commas. Pages of these may read the answers (CORS).</summary>
    public string AllowedOrigins { get; set; } = "";

    /// <summary>More patterns (regular expressions, case ignored) of property names whose value is replaced in traces and outputs; separated by white space.</summary>
    public string RedactKeys { get; set; } = "";

    /// <summary>Paths in a trace entry's data whose value is replaced, such as <c>arguments.card</c>; <c>*</c> is any name or index; separated by white space.</summary>
    public string RedactPaths { get; set; } = "";

    /// <summary>A folder of files with secret values to be replaced wherever they appear.</summary>
    public string SecretsDirectory { get; set; } = "";
}
