using System.ComponentModel.DataAnnotations;

namespace Actors.Silo.Configuration;

/// <summary>Settings of the silo, section <c>Actors:Silo</c>; environment variables are <c>ACTORS__SILO__NAME</c>.</summary>
internal sealed class SiloOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Actors:Silo";

    /// <summary>Where to listen: <c>http://</c>, a loopback address or <c>localhost</c>, and a port; port 0 takes a free one.</summary>
    [Required]
    public string Url { get; set; } = "http://127.0.0.1:7430";

    /// <summary>The SQLite file.</summary>
    [Required]
    public string Database { get; set; } = "";

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

    /// <summary>Seconds that <c>run_workflow</c> waits for the end before it answers with the status.</summary>
    [Range(0, 55)]
    public int RunWorkflowWaitSeconds { get; set; } = 45;

    /// <summary>Host names, besides loopback's, that a request's Host header may carry; separated by commas.</summary>
    public string AllowedHosts { get; set; } = "";

    /// <summary>Origins, besides loopback's, that a browser's request may come from; separated by commas.</summary>
    public string AllowedOrigins { get; set; } = "";

    /// <summary>More patterns (regular expressions, case ignored) of property names whose value is replaced in traces and outputs; separated by white space.</summary>
    public string RedactKeys { get; set; } = "";

    /// <summary>Paths in a trace entry's data whose value is replaced, such as <c>arguments.card</c>; <c>*</c> is any name or index; separated by white space.</summary>
    public string RedactPaths { get; set; } = "";

    /// <summary>A folder of files with secret values to be replaced wherever they appear.</summary>
    public string SecretsDirectory { get; set; } = "";
}
