using System.Net;
using System.Text.Json;
using Actors.Grains.Runner;
using Actors.Grains.Tests.Runs;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Tests.Simulation;

/// <summary>A model of the runner: everything is idempotent by its id, older fences are refused, sandboxes get lost. Keeps a ledger of calls that were really executed.</summary>
internal sealed class SimRunner(SimWorld world)
{
    private static readonly JsonElement Tools = JsonElement.Parse("""{"tools":[{"name":"read","annotations":{"readOnlyHint":true}},{"name":"count"}]}""");
    private static readonly JsonElement Words = JsonElement.Parse("""{"content":[],"structuredContent":{"words":["a"],"total":1}}""");
    private readonly Dictionary<string, long> _fences = new(StringComparer.Ordinal);
    private readonly Dictionary<string, CallView> _calls = new(StringComparer.Ordinal);

    public SortedSet<string> Sandboxes { get; } = new(StringComparer.Ordinal);

    /// <summary>Calls that reached a tool, by id.</summary>
    public List<string> Executed { get; } = [];

    public bool IsDown { get; set; }

    public IRunner For(SimProcess process) => new Client(this, world, process);

    /// <summary>A machine dies under a sandbox.</summary>
    public void LoseOne()
    {
        if (Sandboxes.Count > 0)
        {
            Sandboxes.Remove(Sandboxes.ElementAt(world.Random.Next(Sandboxes.Count)));
        }
    }

    private LaunchResponse Launch(LaunchRequest request)
    {
        var stopped = _fences.ContainsKey(request.Id) && !Sandboxes.Contains(request.Id);
        Fence(request.Id, request.Fence);
        if (!stopped)
        {
            Sandboxes.Add(request.Id);
        }

        return new LaunchResponse { Id = request.Id, PodName = request.Id, ImageDigest = "sha256:" + new string('a', 64), Runtime = "runsc", Decision = TestEvents.Admit(request.Image) };
    }

    private SandboxView? Get(string id) => Sandboxes.Contains(id) ? TestEvents.View("x") with { Id = id } : null;

    private CallView Send(string id, string callId, CallRequest request)
    {
        Fence(id, request.Fence);
        if (_calls.TryGetValue(callId, out var known))
        {
            return known;
        }

        if (!Sandboxes.Contains(id))
        {
            throw new RunnerException(HttpStatusCode.NotFound, ProblemCodes.NotFound, "no such sandbox");
        }

        if (request.Method == "tools/list")
        {
            return new CallView { CallId = callId, Status = CallStatus.Result, Result = Tools };
        }

        Executed.Add(callId);
        _calls[callId] = new CallView { CallId = callId, Status = CallStatus.Pending };
        world.After(world.Upto(TimeSpan.FromSeconds(world.Chance(0.1) ? 20 : 0.5)), () => _calls[callId] = Answer(id, callId));
        return _calls[callId];
    }

    private CallView Answer(string id, string callId) => Sandboxes.Contains(id)
        ? new CallView { CallId = callId, Status = CallStatus.Result, Result = Words, DurationMs = 1 }
        : new CallView { CallId = callId, Status = CallStatus.Unknown, Error = new CallError(SandboxReasons.SandboxLost, "the sandbox is gone") };

    private SandboxView? Stop(string id, long fence)
    {
        Fence(id, fence);
        Sandboxes.Remove(id);
        return null;
    }

    private void Fence(string id, long fence)
    {
        if (fence < _fences.GetValueOrDefault(id))
        {
            throw new RunnerException(HttpStatusCode.Conflict, ProblemCodes.StaleFence, "an owner with a newer fence has it");
        }

        _fences[id] = fence;
    }

    private sealed class Client(SimRunner runner, SimWorld world, SimProcess process) : IRunner
    {
        private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(20);
        private static readonly TimeSpan LongPoll = TimeSpan.FromSeconds(1);

        public Task<Decision> DecideAsync(DecisionRequest request, CancellationToken cancellationToken) => Ask(() => TestEvents.Admit(request.Image), cancellationToken);

        public Task<LaunchResponse> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken) => Ask(() => runner.Launch(request), cancellationToken);

        public Task<SandboxView?> GetSandboxAsync(string id, SandboxPhase? whilePhase, CancellationToken cancellationToken) => Ask(() => runner.Get(id), cancellationToken);

        public Task<CallView> SendCallAsync(string id, string callId, CallRequest request, CancellationToken cancellationToken) => Ask(() => runner.Send(id, callId, request), cancellationToken);

        public async Task<CallView?> GetCallAsync(string id, string callId, CancellationToken cancellationToken)
        {
            await Task.Delay(world.Upto(LongPoll), process.Time, cancellationToken);
            return await Ask(() => runner._calls.GetValueOrDefault(callId), cancellationToken);
        }

        public Task<CallView?> GetProgressAsync(string id, string callId, double seen, CancellationToken cancellationToken) => GetCallAsync(id, callId, cancellationToken);

        public Task<SandboxView?> StopAsync(string id, long fence, CancellationToken cancellationToken) => Ask(() => runner.Stop(id, fence), cancellationToken);

        private Task<T> Ask<T>(Func<T> work, CancellationToken cancellationToken)
        {
            var answer = new TaskCompletionSource<T>();
            Send(work, answer);
            return answer.Task.WaitAsync(cancellationToken);
        }

        private void Send<T>(Func<T> work, TaskCompletionSource<T> answer) => world.After(world.Upto(Way), () =>
        {
            if (answer.Task.IsCompleted || process.IsCrashed)
            {
                return;
            }

            // Down, or the answer is lost: the client asks again.
            if (runner.IsDown)
            {
                world.After(TimeSpan.FromMilliseconds(300), () => Send(work, answer));
                return;
            }

            try
            {
                var result = work();
                if (world.Chance(0.02))
                {
                    Send(work, answer);
                    return;
                }

                world.After(world.Upto(Way), () => answer.TrySetResult(result));
            }
            catch (RunnerException e)
            {
                world.After(world.Upto(Way), () => answer.TrySetException(e));
            }
        });
    }
}
