using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Actors.Grains.Runner;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Tests.Runs;

/// <summary>A runner in memory that outlives the silo under test: sandboxes and calls by id, each call sent at most once.</summary>
internal sealed class FakeRunner : IRunner
{
    private readonly ConcurrentDictionary<string, CallView> _calls = new(StringComparer.Ordinal);
    private TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentDictionary<string, LaunchRequest> Sandboxes { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<string> Stopped { get; } = new();

    /// <summary>Tool calls that reached a server, by call id.</summary>
    public ConcurrentQueue<string> Executed { get; } = new();

    public Func<DecisionRequest, Decision> OnDecide { get; set; } = r => TestEvents.Admit(r.Image);

    /// <summary>Answers a tool; the default gives what the two-step workflow needs.</summary>
    public Func<string, JsonElement, CancellationToken, Task<CallView>> OnCall { get; set; } = (id, _, _) => Task.FromResult(Result(id, """{"content":[],"structuredContent":{"words":["a"],"total":1}}"""));

    public bool ReadOnlyTools { get; set; }

    /// <summary>Keeps no answers: the same call again asks the tool again.</summary>
    public bool Forgetful { get; set; }

    public static CallView Result(string callId, string json) => new() { CallId = callId, Status = CallStatus.Result, Result = JsonElement.Parse(json), DurationMs = 1 };

    public Task<Decision> DecideAsync(DecisionRequest request, CancellationToken cancellationToken) => Task.FromResult(OnDecide(request));

    public Task<LaunchResponse> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        var decision = OnDecide(new DecisionRequest(request.Image, request.Profile));
        if (!decision.Admitted)
        {
            throw new RunnerException(HttpStatusCode.Forbidden, ProblemCodes.Refused, decision.Reason!, decision);
        }

        Sandboxes.TryAdd(request.Id, request);
        return Task.FromResult(new LaunchResponse { Id = request.Id, PodName = request.Id, ImageDigest = decision.Digest!, Runtime = "runsc", Decision = decision });
    }

    /// <summary>How many of the next stops the engine fails.</summary>
    public int FailingStops { get; set; }

    /// <summary>What a sandbox prints while it is stopped.</summary>
    public string LastWords { get; set; } = "";

    public Task<SandboxView?> GetSandboxAsync(string id, SandboxPhase? whilePhase, CancellationToken cancellationToken) =>
        Task.FromResult(Sandboxes.ContainsKey(id) ? TestEvents.View("x") with { Id = id } : null);

    public async Task<CallView> SendCallAsync(string id, string callId, CallRequest request, CancellationToken cancellationToken)
    {
        if (!Sandboxes.ContainsKey(id))
        {
            throw new RunnerException(HttpStatusCode.NotFound, ProblemCodes.NotFound, "no such sandbox");
        }

        if (request.Method == "tools/list")
        {
            return Result(callId, $$$"""{"tools":[{"name":"read","annotations":{"readOnlyHint":{{{(ReadOnlyTools ? "true" : "false")}}}}},{"name":"count"}]}""");
        }

        if (Forgetful | _calls.TryAdd(callId, new CallView { CallId = callId, Status = CallStatus.Pending }))
        {
            Executed.Enqueue(callId);
            Answer(callId, await OnCall(callId, request.Params!.Value.GetProperty("arguments"), cancellationToken));
        }

        return _calls[callId];
    }

    public async Task<CallView?> GetCallAsync(string id, string callId, CancellationToken cancellationToken)
    {
        // Waits as a long poll does: a call that is never answered must not keep a processor busy, least of all after its silo was stopped.
        while (true)
        {
            var answered = Volatile.Read(ref _answered).Task;
            var view = _calls.GetValueOrDefault(callId);
            if (view is not { Status: CallStatus.Pending })
            {
                return view;
            }

            await answered.WaitAsync(cancellationToken);
        }
    }

    public Task<CallView?> GetProgressAsync(string id, string callId, double seen, CancellationToken cancellationToken) => Task.FromResult(_calls.GetValueOrDefault(callId));

    public void Answer(string callId, CallView view)
    {
        _calls[callId] = view;
        Interlocked.Exchange(ref _answered, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public Task<SandboxView?> StopAsync(string id, long fence, CancellationToken cancellationToken)
    {
        if (FailingStops-- > 0)
        {
            throw new RunnerException(HttpStatusCode.InternalServerError, ProblemCodes.EngineFailed, "the engine hiccups");
        }

        if (!Sandboxes.TryRemove(id, out _))
        {
            return Task.FromResult<SandboxView?>(null);
        }

        Stopped.Enqueue(id);
        return Task.FromResult<SandboxView?>(TestEvents.View("x") with { Id = id, ReasonCode = SandboxReasons.Stopped, Evidence = new SandboxEvidence { StderrTail = LastWords } });
    }
}
