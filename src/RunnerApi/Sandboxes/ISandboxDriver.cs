using Actors.Verification.Policy;

namespace Actors.RunnerApi.Sandboxes;

/// <summary>Starts and stops hardened containers. Every driver passes the same conformance suite; nothing above this seam knows which one runs.</summary>
public interface ISandboxDriver
{
    /// <summary>Creates the container by digest, pulling the image when it is absent. Does nothing but return the present one when the same spec was created before; an id taken by another spec is refused.</summary>
    /// <exception cref="SandboxException">The engine refused; the code says why.</exception>
    Task<SandboxStatus> CreateAsync(SandboxSpec spec, CancellationToken cancellationToken);

    /// <summary>Starts the container when it has not run yet, and connects to its stdio. Stdout and stderr are delivered from the container's first byte on,
    /// without gap or repetition, also when an earlier connection (of a process that is gone) read a part of them. Disposing the connection leaves the container running and its stdin open.</summary>
    /// <exception cref="SandboxException">No such sandbox, the runtime could not start it, or its log is full; reading an output can throw the last as well.</exception>
    Task<ISandboxConnection> AttachAsync(string id, CancellationToken cancellationToken);

    /// <summary>State now, or null when there is no such container.</summary>
    Task<SandboxStatus?> InspectAsync(string id, CancellationToken cancellationToken);

    /// <summary>Every container of this driver, whoever created it.</summary>
    Task<IReadOnlyList<SandboxStatus>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Kills and removes the container with all it holds. Succeeds when it is gone already.</summary>
    Task StopAsync(string id, CancellationToken cancellationToken);

    /// <summary>True when sandboxes have addresses, so that one could try to reach another.</summary>
    bool HasAddresses => false;

    /// <summary>What is near the sandboxes and must not be reached from one: the host or the nodes, the cluster's API, other sandboxes.</summary>
    /// <param name="neighbour">A running sandbox that listens on <paramref name="neighbourPort"/>; null when sandboxes have no addresses.</param>
    /// <param name="neighbourPort">Its port.</param>
    /// <param name="cancellationToken">Ends the look-up.</param>
    Task<IReadOnlyList<ForbiddenTarget>> ForbiddenTargetsAsync(string? neighbour, int neighbourPort, CancellationToken cancellationToken);

    /// <summary>The runtime that <paramref name="wanted"/> resolves to on this machine, or null when it is not installed.</summary>
    string? ResolveRuntime(SandboxRuntime wanted);
}

/// <summary>Live stdio of one container. The three streams are independent; a reader must drain both outputs.
/// The end of an output means that the container ended or that the connection broke: <see cref="ISandboxDriver.InspectAsync"/> tells which, and another attach replays.</summary>
public interface ISandboxConnection : IAsyncDisposable
{
    /// <summary>The container's stdin; closing it does not close the container's. Writing throws <see cref="IOException"/> once the container has ended.</summary>
    Stream Stdin { get; }

    /// <summary>The container's stdout from its first byte.</summary>
    Stream Stdout { get; }

    /// <summary>The container's stderr from its first byte; empty when <see cref="StderrInStdout"/>.</summary>
    Stream Stderr { get; }

    /// <summary>The engine cannot tell the outputs apart: <see cref="Stdout"/> holds the lines of both, each whole, and the reader must know its own.</summary>
    bool StderrInStdout => false;
}

/// <summary>An address that no sandbox may reach.</summary>
/// <param name="Kind">What is there: <c>internet</c>, <c>metadata</c>, <c>dns</c>, <c>cluster_api</c>, <c>node</c> or <c>sandbox</c>.</param>
/// <param name="Host">IP address.</param>
/// <param name="Port">TCP port.</param>
public sealed record ForbiddenTarget(string Kind, string Host, int Port);

/// <summary>Everything that defines one sandbox. Hardening is not part of it: it is the same for all.</summary>
public sealed record SandboxSpec
{
    /// <summary>Name, unique per driver: <c>a-z 0-9 -</c>, at most 128 characters.</summary>
    public required string Id { get; init; }

    /// <summary><c>host/repository@sha256:…</c>.</summary>
    public required string Reference { get; init; }

    /// <summary>True when the policy marks the registry as plain HTTP.</summary>
    public bool InsecureRegistry { get; init; }

    /// <summary>Replaces the image's command.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>Environment, secrets included: never on a command line, never logged.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Runtime by name, as <see cref="ISandboxDriver.ResolveRuntime"/> gave it.</summary>
    public required string Runtime { get; init; }

    /// <summary>CPU in thousandths of a core.</summary>
    public required int CpuMillis { get; init; }

    /// <summary>Memory in bytes, swap included.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Most processes and threads.</summary>
    public required int Pids { get; init; }

    /// <summary>The engine itself stops the container after this time, also when the runner is dead.</summary>
    public required TimeSpan Lifetime { get; init; }

    /// <summary>Bytes of stdout and stderr after which the runner stops the container; the engine's own log is bounded above it.</summary>
    public required long OutputBytes { get; init; }

    /// <summary>Bytes that the engine's log may take: a prefix of 45 bytes stands before each line, so short lines need more than they hold.</summary>
    internal long LogBytes => (OutputBytes * 4) + (1024 * 1024);

    /// <summary>Where in a cluster it may run; a driver of one machine ignores it.</summary>
    public NodePlacement? Nodes { get; init; }
}

/// <summary>A container as the engine sees it.</summary>
/// <param name="Id">The sandbox's id.</param>
/// <param name="PodName">The engine's name of the container.</param>
/// <param name="State">Life cycle.</param>
/// <param name="ExitCode">Once ended.</param>
/// <param name="OutOfMemory">The memory limit killed it.</param>
/// <param name="Runtime">The runtime that runs it.</param>
/// <param name="CreatedAt">UTC, by the engine's clock.</param>
/// <param name="Deadline">When its lifetime ends, UTC.</param>
public sealed record SandboxStatus(
    string Id,
    string PodName,
    SandboxState State,
    int? ExitCode,
    bool OutOfMemory,
    string Runtime,
    DateTimeOffset CreatedAt,
    DateTimeOffset Deadline)
{
    /// <summary>The engine killed it because its lifetime was over; <see cref="ExitCode"/> is null then.</summary>
    public bool DeadlineExceeded { get; init; }

    /// <summary>Why the engine, and not the process, ended it.</summary>
    public SandboxLoss Loss { get; init; }

    /// <summary>The engine's own words about the end; null when it gave none.</summary>
    public string? Detail { get; init; }
}

/// <summary>Causes of an end that are neither the process' nor its limits'.</summary>
public enum SandboxLoss
{
    /// <summary>None of these.</summary>
    None,

    /// <summary>The node took its resources back, such as for disk space.</summary>
    Evicted,

    /// <summary>The node is gone or does not answer.</summary>
    NodeLost,
}

/// <summary>Life cycle of a container.</summary>
public enum SandboxState
{
    /// <summary>Never started.</summary>
    Created,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Ended.</summary>
    Exited,
}

/// <summary>What went wrong at the engine.</summary>
public enum SandboxFault
{
    /// <summary>The image could not be pulled.</summary>
    PullFailed,

    /// <summary>The container could not be created or started, or did not start in time.</summary>
    StartFailed,

    /// <summary>The runtime is not installed.</summary>
    RuntimeUnavailable,

    /// <summary>The engine did not answer in time or is not installed; nothing is known of the sandbox, so whoever can wait asks again.</summary>
    EngineUnavailable,

    /// <summary>The spec breaks a rule of the seam; nothing was launched.</summary>
    InvalidSpec,

    /// <summary>There is no such sandbox.</summary>
    NotFound,

    /// <summary>No node of the cluster takes it now.</summary>
    Unschedulable,

    /// <summary>The container wrote more than its log keeps, so its output cannot be replayed without a gap.</summary>
    OutputLost,
}

/// <summary>A typed failure of the engine. The message names the thing and the fix, and holds no secret.</summary>
public sealed class SandboxException(SandboxFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public SandboxFault Fault { get; } = fault;
}
