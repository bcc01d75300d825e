using System.Text.Json;

namespace Actors.RunnerApi.Contracts;

/// <summary>Limits of one sandbox; null means the profile's default.</summary>
public sealed record SandboxLimits
{
    /// <summary>Least and most of <see cref="CpuMillis"/>, for policy, workflow and engine alike.</summary>
    public const int LeastCpuMillis = 10, MostCpuMillis = 1_000_000;

    /// <summary>Least and most of <see cref="MemoryBytes"/>: 6 MiB (no runtime starts in less) and 16 TiB.</summary>
    public const long LeastMemoryBytes = 6L << 20, MostMemoryBytes = 16L << 40;

    /// <summary>Most of <see cref="Pids"/>.</summary>
    public const int MostPids = 100_000;

    /// <summary>CPU in thousandths of a core.</summary>
    public int? CpuMillis { get; init; }

    /// <summary>Memory in bytes, swap included.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Most processes and threads.</summary>
    public int? Pids { get; init; }

    /// <summary>Most seconds from launch until the sandbox is stopped.</summary>
    public int? LifetimeSeconds { get; init; }
}

/// <summary>Body of <c>POST /runs</c>: decide again and launch one sandbox.</summary>
public sealed record LaunchRequest
{
    /// <summary><c>{run}-{server}-{attempt}</c>: 1 to 128 characters of <c>a-z 0-9 -</c>, starting with a letter or digit. The same id again returns the same sandbox.</summary>
    public required string Id { get; init; }

    /// <summary>OCI reference; the silo sends the digest form of the decision that it recorded.</summary>
    public required string Image { get; init; }

    /// <summary>Replaces the image's command.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Environment variables, not secret.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Environment variable to the name of a secret that the runner resolves; values never travel in a request.</summary>
    public IReadOnlyDictionary<string, string> Secrets { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Profile of the policy.</summary>
    public required string Profile { get; init; }

    /// <summary>Requested limits, within the profile's caps.</summary>
    public SandboxLimits Limits { get; init; } = new();

    /// <summary>The owner's epoch; a launch or call with an older fence than the last one seen for this id gets 409.</summary>
    public long Fence { get; init; }
}

/// <summary>Body of 201 and 200 from <c>POST /runs</c>.</summary>
public sealed record LaunchResponse
{
    /// <summary>The request's id.</summary>
    public required string Id { get; init; }

    /// <summary>Name of the container or pod.</summary>
    public required string PodName { get; init; }

    /// <summary>Digest that was launched, <c>sha256:…</c>.</summary>
    public required string ImageDigest { get; init; }

    /// <summary>The runtime that runs it: <c>runc</c>, <c>runsc</c>, or a RuntimeClass's name.</summary>
    public required string Runtime { get; init; }

    /// <summary>The decision this launch rests on.</summary>
    public required Decision Decision { get; init; }
}

/// <summary>Where a sandbox is in its life.</summary>
public enum SandboxPhase
{
    /// <summary>Launched; the MCP handshake is not finished.</summary>
    Starting,

    /// <summary>The MCP handshake is done; calls are answered.</summary>
    Ready,

    /// <summary>The process ended by itself.</summary>
    Exited,

    /// <summary>It was stopped for a cause that <see cref="SandboxView.ReasonCode"/> names.</summary>
    Failed,

    /// <summary>Stopped on request and removed.</summary>
    Stopped,
}

/// <summary>Body of <c>GET /runs/{id}</c>.</summary>
public sealed record SandboxView
{
    /// <summary>The sandbox's id.</summary>
    public required string Id { get; init; }

    /// <summary>Phase now.</summary>
    public required SandboxPhase Phase { get; init; }

    /// <summary>One of <see cref="SandboxReasons"/> once it ended; null before.</summary>
    public string? ReasonCode { get; init; }

    /// <summary>A sentence for people.</summary>
    public string? Reason { get; init; }

    /// <summary>The process' exit code, once known.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Digest that was launched.</summary>
    public required string ImageDigest { get; init; }

    /// <summary>Name of the container or pod.</summary>
    public required string PodName { get; init; }

    /// <summary>The runtime that runs it.</summary>
    public required string Runtime { get; init; }

    /// <summary>Id of the proof that its kind of sandbox isolates; null when none was demanded.</summary>
    public string? IsolationProof { get; init; }

    /// <summary>What the server said of itself at the handshake.</summary>
    public ServerIdentity? Server { get; init; }

    /// <summary>Stderr tail and resource use.</summary>
    public required SandboxEvidence Evidence { get; init; }
}

/// <summary>Untrusted words of the MCP server about itself.</summary>
/// <param name="Name">At most 256 characters.</param>
/// <param name="Version">At most 256 characters.</param>
/// <param name="ProtocolVersion">Negotiated MCP version.</param>
public sealed record ServerIdentity(string Name, string Version, string ProtocolVersion);

/// <summary>What was seen of a sandbox from outside.</summary>
public sealed record SandboxEvidence
{
    /// <summary>Last lines of stderr, secrets replaced, at most 8 KiB.</summary>
    public string StderrTail { get; init; } = "";

    /// <summary>Bytes of stdout read so far.</summary>
    public long StdoutBytes { get; init; }

    /// <summary>Lines on stdout that are no JSON-RPC message, by kind: <c>not_json</c>, <c>invalid_utf8</c>, <c>line_too_long</c>, <c>unknown_id</c>, <c>duplicate_answer</c>, <c>invalid_message</c>.</summary>
    public IReadOnlyDictionary<string, long> ProtocolNoise { get; init; } = new Dictionary<string, long>(StringComparer.Ordinal);

    /// <summary>Connections through the proxy; null when the profile allows none.</summary>
    public EgressEvidence? Egress { get; init; }
}

/// <summary>Why a sandbox ended, and why the outcome of a call is unknown.</summary>
public static class SandboxReasons
{
    /// <summary>The process ended by itself.</summary>
    public const string ServerExited = "server_exited";

    /// <summary>Killed by the kernel: memory limit.</summary>
    public const string OutOfMemory = "out_of_memory";

    /// <summary>More output than the cap allows.</summary>
    public const string OutputLimit = "output_limit";

    /// <summary>Lifetime over.</summary>
    public const string DeadlineExceeded = "deadline_exceeded";

    /// <summary>No valid answer to the MCP handshake in time.</summary>
    public const string HandshakeFailed = "handshake_failed";

    /// <summary>The container could not be created or started.</summary>
    public const string StartFailed = "start_failed";

    /// <summary>Stopped on request.</summary>
    public const string Stopped = "stopped";

    /// <summary>Nobody asked for it any more.</summary>
    public const string Orphaned = "orphaned";

    /// <summary>The container is gone and nobody saw it end.</summary>
    public const string SandboxLost = "sandbox_lost";

    /// <summary>The node took its resources back, such as for disk space.</summary>
    public const string Evicted = "evicted";

    /// <summary>The node is gone or does not answer.</summary>
    public const string NodeLost = "node_lost";

    /// <summary>The call's time was over.</summary>
    public const string CallTimedOut = "call_timed_out";
}

/// <summary>Codes of <see cref="CallError"/> beside <see cref="SandboxReasons"/>.</summary>
public static class CallErrorCodes
{
    /// <summary>The server answered with a JSON-RPC error.</summary>
    public const string JsonRpcError = "json_rpc_error";

    /// <summary>The server answered with a line over the cap: the call was executed, its result is lost.</summary>
    public const string ResultTooLarge = "result_too_large";

    /// <summary>The server answered with a message that is not valid JSON-RPC, too deep, or has a name twice: the call was executed, its result is lost.</summary>
    public const string InvalidAnswer = "invalid_answer";

    /// <summary>The runner could not record the call on disk, so it was not sent.</summary>
    public const string JournalFailed = "journal_failed";
}

/// <summary>Body of <c>PUT /runs/{id}/calls/{callId}</c>: one JSON-RPC request, sent at most once per call id.</summary>
public sealed record CallRequest
{
    /// <summary>JSON-RPC method, such as <c>tools/call</c>.</summary>
    public required string Method { get; init; }

    /// <summary>JSON-RPC params, an object.</summary>
    public JsonElement? Params { get; init; }

    /// <summary>Seconds from sending until the call is given up; 1 to 3600.</summary>
    public int TimeoutSeconds { get; init; } = 60;

    /// <summary>The owner's epoch.</summary>
    public long Fence { get; init; }
}

/// <summary>What is known of a call.</summary>
public enum CallStatus
{
    /// <summary>Sent or waiting for the handshake; no answer yet.</summary>
    Pending,

    /// <summary>Answered with a result.</summary>
    Result,

    /// <summary>Answered with a JSON-RPC error or an unusable answer, or ended before it was sent: nothing is undecided.</summary>
    Error,

    /// <summary>It may have been executed, and no answer can come any more.</summary>
    Unknown,
}

/// <summary>Body of <c>GET</c> and <c>PUT /runs/{id}/calls/{callId}</c>.</summary>
public sealed record CallView
{
    /// <summary>The call's id, which is also the JSON-RPC id.</summary>
    public required string CallId { get; init; }

    /// <summary>Status now.</summary>
    public required CallStatus Status { get; init; }

    /// <summary>The result with known secret values replaced; with <see cref="CallStatus.Result"/> only.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>With <see cref="CallStatus.Error"/>, a code of <see cref="CallErrorCodes"/>, or of <see cref="SandboxReasons"/> when the call was not sent; with <see cref="CallStatus.Unknown"/>, a code of <see cref="SandboxReasons"/>.</summary>
    public CallError? Error { get; init; }

    /// <summary>Last progress notification.</summary>
    public CallProgress? Progress { get; init; }

    /// <summary>Milliseconds from sending to the answer, once answered.</summary>
    public double? DurationMs { get; init; }
}

/// <summary>Why a call has no result.</summary>
/// <param name="Code">A code of ours, or <c>json_rpc_error</c>.</param>
/// <param name="Message">At most 4 KiB.</param>
/// <param name="RpcCode">The server's JSON-RPC error code.</param>
public sealed record CallError(string Code, string Message, int? RpcCode = null);

/// <summary>Progress as the server reports it.</summary>
/// <param name="Progress">Grows.</param>
/// <param name="Total">Null when unknown.</param>
/// <param name="Message">At most 1 KiB.</param>
public sealed record CallProgress(double Progress, double? Total, string? Message);

/// <summary>Stable <c>code</c> members of the runner's <c>application/problem+json</c> answers.</summary>
public static class ProblemCodes
{
    /// <summary>400: the body or a path segment is not valid.</summary>
    public const string BadRequest = "bad_request";

    /// <summary>401: missing or wrong bearer token.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>403: the policy gate refused; member <c>decision</c> holds the decision.</summary>
    public const string Refused = "refused";

    /// <summary>404: no such sandbox or call.</summary>
    public const string NotFound = "not_found";

    /// <summary>409: a newer owner has been seen.</summary>
    public const string StaleFence = "stale_fence";

    /// <summary>409: the id is taken by another request body.</summary>
    public const string Conflict = "conflict";

    /// <summary>410: the sandbox has ended; no call can be sent.</summary>
    public const string SandboxEnded = "sandbox_ended";

    /// <summary>413: body over the cap.</summary>
    public const string TooLarge = "too_large";

    /// <summary>422: a secret that the launch names does not exist.</summary>
    public const string UnknownSecret = "unknown_secret";

    /// <summary>429: as many sandboxes, or decisions at once, as this runner takes on; <c>Retry-After</c> is set.</summary>
    public const string Busy = "busy";

    /// <summary>503: the runner is still finding its sandboxes again after a start, or cannot prove isolation now; <c>Retry-After</c> is set.</summary>
    public const string NotReady = "not_ready";

    /// <summary>502: the sandbox engine failed.</summary>
    public const string EngineFailed = "engine_failed";

    /// <summary>500: a fault of ours.</summary>
    public const string Internal = "internal";
}
