using System.Globalization;

namespace Actors.Silo.Mcp.Resources;

/// <summary>What a resource's URI names.</summary>
internal abstract record ActorsUri
{
    /// <summary>Media type of every resource.</summary>
    public const string Json = "application/json";

    /// <summary>Most characters of a URI that is looked at.</summary>
    public const int Longest = 512;

    public const string WorkflowTemplate = WorkflowScheme + "{workflow_id}";
    public const string RunTemplate = RunScheme + "{run_id}";
    public const string TraceTemplate = RunScheme + "{run_id}" + TracePath + "{?after}";
    public const string ArtifactsTemplate = RunScheme + "{run_id}" + ArtifactsPath;
    public const string ArtifactTemplate = RunScheme + "{run_id}" + ArtifactsPath + "/{+name}";

    private const string WorkflowScheme = "workflow://";
    private const string RunScheme = "run://";
    private const string TracePath = "/trace";
    private const string After = TracePath + "?after=";
    private const string ArtifactsPath = "/artifacts";

    /// <summary><c>workflow://{id}</c>.</summary>
    internal sealed record OfWorkflow(string Id) : ActorsUri;

    /// <summary>Something of a run.</summary>
    internal abstract record InRun(string RunId) : ActorsUri;

    /// <summary><c>run://{id}</c>.</summary>
    internal sealed record OfRun(string RunId) : InRun(RunId);

    /// <summary><c>run://{id}/trace</c>, or what follows entry <c>?after=</c>.</summary>
    internal sealed record OfTrace(string RunId, long AfterSeq) : InRun(RunId);

    /// <summary><c>run://{id}/artifacts</c>: their list.</summary>
    internal sealed record OfArtifacts(string RunId) : InRun(RunId);

    /// <summary><c>run://{id}/artifacts/{name}</c>.</summary>
    internal sealed record OfArtifact(string RunId, string Name) : InRun(RunId);

    public static string Workflow(string id) => WorkflowScheme + id;

    public static string Run(string id) => RunScheme + id;

    public static string Trace(string id, long after = 0) => RunScheme + id + (after == 0 ? TracePath : After + after.ToString(CultureInfo.InvariantCulture));

    public static string Artifacts(string id) => RunScheme + id + ArtifactsPath;

    public static string Artifact(string id, string name) => RunScheme + id + ArtifactsPath + "/" + name;

    /// <summary>Null for what names no resource of this server; whether it exists shows later.</summary>
    public static ActorsUri? Parse(string uri)
    {
        if (uri.Length > Longest)
        {
            return null;
        }

        if (uri.StartsWith(WorkflowScheme, StringComparison.Ordinal))
        {
            return new OfWorkflow(uri[WorkflowScheme.Length..]);
        }

        if (!uri.StartsWith(RunScheme, StringComparison.Ordinal))
        {
            return null;
        }

        var rest = uri[RunScheme.Length..];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new OfRun(rest) : Part(rest[..slash], rest[slash..]);
    }

    private static InRun? Part(string run, string path)
    {
        if (path.StartsWith(After, StringComparison.Ordinal))
        {
            return long.TryParse(path[After.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var after) ? new OfTrace(run, after) : null;
        }

        return path switch
        {
            TracePath => new OfTrace(run, 0),
            ArtifactsPath => new OfArtifacts(run),
            _ when path.StartsWith(ArtifactsPath + "/", StringComparison.Ordinal) => new OfArtifact(run, path[(ArtifactsPath.Length + 1)..]),
            _ => null,
        };
    }
}
