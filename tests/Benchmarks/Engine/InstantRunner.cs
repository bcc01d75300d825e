using System.Collections.Concurrent;
using System.Text.Json;
using Actors.Grains.Runner;
using Actors.RunnerApi.Contracts;

namespace Actors.Benchmarks.Engine;

/// <summary>A runner that answers at once and keeps nothing: what is measured is the engine.</summary>
internal sealed class InstantRunner : IRunner
{
    private const int RunIdLength = 30;
    private static readonly string Digest = "sha256:" + new string('0', 64);
    private static readonly JsonElement Tools = JsonElement.Parse("""{"tools":[{"name":"work","inputSchema":{"type":"object"}}]}""");
    private static readonly JsonElement Result = JsonElement.Parse("""{"content":[{"type":"text","text":"done"}],"structuredContent":{"value":"done"}}""");
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _stopped = new(StringComparer.Ordinal);

    /// <summary>Ends when the run's sandbox was stopped: its last transition is about to be written.</summary>
    public Task StoppedAsync(string run) => Source(run).Task;

    public void Forget(string run) => _stopped.TryRemove(run, out _);

    public Task<Decision> DecideAsync(DecisionRequest request, CancellationToken cancellationToken) => Task.FromResult(Decide(request.Image, request.Profile));

    public Task<LaunchResponse> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new LaunchResponse { Id = request.Id, PodName = request.Id, ImageDigest = Digest, Runtime = "null", Decision = Decide(request.Image, request.Profile) });

    public Task<SandboxView?> GetSandboxAsync(string id, SandboxPhase? whilePhase, CancellationToken cancellationToken) => Task.FromResult<SandboxView?>(new SandboxView
    {
        Id = id,
        Phase = SandboxPhase.Ready,
        ImageDigest = Digest,
        PodName = id,
        Runtime = "null",
        Server = new ServerIdentity("null", "1", "2025-11-25"),
        Evidence = new SandboxEvidence(),
    });

    public Task<CallView> SendCallAsync(string id, string callId, CallRequest request, CancellationToken cancellationToken) =>
        Task.FromResult(new CallView { CallId = callId, Status = CallStatus.Result, Result = request.Method == "tools/list" ? Tools : Result, DurationMs = 0 });

    public Task<CallView?> GetCallAsync(string id, string callId, CancellationToken cancellationToken) => Task.FromResult<CallView?>(null);

    public Task<CallView?> GetProgressAsync(string id, string callId, double seen, CancellationToken cancellationToken) => GetCallAsync(id, callId, cancellationToken);

    public Task<SandboxView?> StopAsync(string id, long fence, CancellationToken cancellationToken)
    {
        Source(id[..RunIdLength]).TrySetResult();
        return Task.FromResult<SandboxView?>(null);
    }

    private TaskCompletionSource Source(string run) => _stopped.GetOrAdd(run, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    private static Decision Decide(string image, string profile) => new()
    {
        Admitted = true,
        Image = image,
        Profile = profile,
        Reference = $"null/tool@{Digest}",
        Digest = Digest,
        PolicyRevision = "null",
        DecidedAt = DateTimeOffset.UnixEpoch,
    };
}
