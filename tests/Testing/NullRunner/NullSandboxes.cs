using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Actors.RunnerApi.Contracts;

namespace Actors.Testing.NullRunner;

/// <summary>How the null runner behaves.</summary>
/// <param name="LosePercent">Of the sandboxes with a call in flight when the runner restarts: how many are gone, so that the call's outcome is unknown.</param>
/// <param name="IdleSeconds">A sandbox that nobody asked about for so long is reaped.</param>
public sealed record NullRunnerOptions(int LosePercent = 0, int IdleSeconds = 90);

/// <summary>An answer that is no success.</summary>
public sealed class NullRunnerException(HttpStatusCode status, string code, string message) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    public string Code { get; } = code;
}

/// <summary>Sandboxes that are no more than lines in a ledger. A tool's effect is its line; its answer comes after the time that its arguments ask for. Survives a <c>kill -9</c> as containers do.</summary>
public sealed class NullSandboxes(Ledger ledger, NullRunnerOptions options, TimeProvider time)
{
    // As long as the runner lets a server's words be: clients of a chatty server get that much.
    private const int LongestMessage = 1024;

    private static readonly JsonElement Tools = JsonElement.Parse(
        """
        {"tools":[
          {"name":"append","inputSchema":{"type":"object"}},
          {"name":"put","inputSchema":{"type":"object"},"annotations":{"idempotentHint":true}},
          {"name":"flaky","inputSchema":{"type":"object"},"annotations":{"idempotentHint":true}},
          {"name":"read","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}]}
        """);

    private readonly ConcurrentDictionary<string, NullSandbox> _sandboxes = new(StringComparer.Ordinal);

    /// <summary>Finds what an earlier process left.</summary>
    public async Task RestoreAsync(IReadOnlyList<LedgerEntry> entries)
    {
        foreach (var entry in entries)
        {
            switch (entry.Kind)
            {
                case LedgerKinds.Launched:
                    _sandboxes.TryAdd(entry.Sandbox, new NullSandbox(entry.Sandbox, entry.Fence, time.GetTimestamp()));
                    break;
                case LedgerKinds.Executed:
                    _sandboxes.GetOrAdd(entry.Sandbox, id => new NullSandbox(id, entry.Fence, time.GetTimestamp())).Calls[entry.Call!] = Call(entry, () => Task.CompletedTask);
                    break;
                case LedgerKinds.Stopped or LedgerKinds.Lost or LedgerKinds.Reaped:
                    Find(entry.Sandbox)?.End(ReasonOf(entry.Kind), entry.At);
                    break;
            }
        }

        foreach (var sandbox in _sandboxes.Values.Where(s => s.IsAlive && s.Calls.Values.Any(c => c.ReadyAt > Now) && IsUnlucky(s.Id)))
        {
            await ledger.AppendAsync(new LedgerEntry(LedgerKinds.Lost, Now, sandbox.Id));
            sandbox.End(SandboxReasons.SandboxLost, Now);
        }
    }

    public async Task<LaunchResponse> LaunchAsync(LaunchRequest request)
    {
        var sandbox = Find(request.Id);
        if (sandbox is null)
        {
            sandbox = new NullSandbox(request.Id, request.Fence, time.GetTimestamp());
            if (_sandboxes.TryAdd(request.Id, sandbox))
            {
                await ledger.AppendAsync(new LedgerEntry(LedgerKinds.Launched, Now, request.Id, Fence: request.Fence));
            }

            sandbox = _sandboxes[request.Id];
        }

        await CheckFenceAsync(sandbox, request.Fence, null);
        return new LaunchResponse
        {
            Id = request.Id,
            PodName = request.Id,
            ImageDigest = DigestOf(request.Image),
            Runtime = "null",
            Decision = Decide(new DecisionRequest(request.Image, request.Profile)),
        };
    }

    public SandboxView? View(string id)
    {
        if (Find(id) is not { } sandbox)
        {
            return null;
        }

        sandbox.Touch(time.GetTimestamp());
        return new SandboxView
        {
            Id = id,
            Phase = sandbox.Reason switch { null => SandboxPhase.Ready, SandboxReasons.Stopped => SandboxPhase.Stopped, SandboxReasons.SandboxLost => SandboxPhase.Exited, _ => SandboxPhase.Failed },
            ReasonCode = sandbox.Reason,
            Reason = sandbox.Reason,
            ImageDigest = DigestOf(id),
            PodName = id,
            Runtime = "null",
            Server = new ServerIdentity("null", "1", "2025-11-25"),
            Evidence = new SandboxEvidence(),
        };
    }

    /// <summary>Executes a call once per id, however often it is asked for.</summary>
    public async Task<CallView> SendAsync(string id, string callId, CallRequest request)
    {
        var sandbox = Find(id) ?? throw new NullRunnerException(HttpStatusCode.NotFound, ProblemCodes.NotFound, $"no sandbox {id}");
        sandbox.Touch(time.GetTimestamp());
        await CheckFenceAsync(sandbox, request.Fence, callId);
        if (request.Method == "tools/list")
        {
            return new CallView { CallId = callId, Status = CallStatus.Result, Result = Tools };
        }

        if (sandbox.IsAlive && Fails(callId, request))
        {
            return new CallView { CallId = callId, Status = CallStatus.Error, Error = new CallError(CallErrorCodes.JsonRpcError, "it fails as it was asked to") };
        }

        if (!sandbox.Calls.TryGetValue(callId, out var call))
        {
            if (!sandbox.IsAlive)
            {
                throw new NullRunnerException(HttpStatusCode.Gone, ProblemCodes.SandboxEnded, $"{id} has ended: {sandbox.Reason}");
            }

            var entry = Entry(id, callId, request);
            call = sandbox.Calls.GetOrAdd(callId, _ => Call(entry, () => ledger.AppendAsync(entry)));
        }

        await call.RecordAsync();
        return await AnswerAsync(sandbox, call, TimeSpan.Zero, CancellationToken.None);
    }

    public async Task<CallView?> GetCallAsync(string id, string callId, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (Find(id) is not { } sandbox || !sandbox.Calls.TryGetValue(callId, out var call))
        {
            return null;
        }

        sandbox.Touch(time.GetTimestamp());
        return await AnswerAsync(sandbox, call, wait, cancellationToken);
    }

    public async Task StopAsync(string id, long? fence)
    {
        if (Find(id) is { } sandbox)
        {
            await CheckFenceAsync(sandbox, fence ?? long.MaxValue, null);
            if (sandbox.End(SandboxReasons.Stopped, Now))
            {
                await ledger.AppendAsync(new LedgerEntry(LedgerKinds.Stopped, Now, id, Fence: fence ?? 0));
            }
        }
    }

    /// <summary>Removes sandboxes that nobody asks for any more.</summary>
    public async Task SweepAsync()
    {
        foreach (var sandbox in _sandboxes.Values.Where(s => s.IsAlive && time.GetElapsedTime(s.Touched) > TimeSpan.FromSeconds(options.IdleSeconds)))
        {
            if (sandbox.End(SandboxReasons.Orphaned, Now))
            {
                await ledger.AppendAsync(new LedgerEntry(LedgerKinds.Reaped, Now, sandbox.Id));
            }
        }
    }

    public Decision Decide(DecisionRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var digest = DigestOf(request.Image);
        return new Decision
        {
            Admitted = true,
            Image = request.Image,
            Profile = request.Profile,
            Reference = $"null/tool@{digest}",
            Digest = digest,
            PolicyRevision = "null",
            DecidedAt = time.GetUtcNow(),
        };
    }

    private long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    private static string DigestOf(string _) => "sha256:" + new string('0', 64);

    private static string ReasonOf(string kind) => kind switch
    {
        LedgerKinds.Stopped => SandboxReasons.Stopped,
        LedgerKinds.Lost => SandboxReasons.SandboxLost,
        _ => SandboxReasons.Orphaned,
    };

    private static NullCall Call(LedgerEntry entry, Func<Task> record) => new(entry.Call!, entry.Key ?? "", entry.At, entry.At + entry.Milliseconds, record);

    private LedgerEntry Entry(string id, string callId, CallRequest request)
    {
        var arguments = request.Params is { } given && given.TryGetProperty("arguments", out var a) ? a : default;
        var tool = request.Params is { } named && named.TryGetProperty("name", out var n) ? n.GetString() : null;
        var key = arguments.ValueKind == JsonValueKind.Object && arguments.TryGetProperty("key", out var k) ? k.ToString() : null;
        var work = arguments.ValueKind == JsonValueKind.Object && arguments.TryGetProperty("ms", out var ms) && ms.TryGetInt32(out var value) ? value : 0;
        return new LedgerEntry(LedgerKinds.Executed, Now, id, callId, tool, key, request.Fence, work);
    }

    // A call's id ends with its attempt: without an effect, so without memory.
    private static bool Fails(string callId, CallRequest request) =>
        request.Params is { } given && given.TryGetProperty("arguments", out var a) && a.ValueKind == JsonValueKind.Object && a.TryGetProperty("fails", out var fails)
        && int.Parse(callId.AsSpan(callId.LastIndexOf('-') + 1), CultureInfo.InvariantCulture) <= fails.GetInt32();

    private bool IsUnlucky(string id) => (uint)id.Aggregate(17, (hash, c) => unchecked((hash * 31) + c)) % 100 < options.LosePercent;

    private NullSandbox? Find(string id) => _sandboxes.GetValueOrDefault(id);

    private async Task CheckFenceAsync(NullSandbox sandbox, long fence, string? call)
    {
        if (!sandbox.TryFence(fence))
        {
            await ledger.AppendAsync(new LedgerEntry(LedgerKinds.Refused, Now, sandbox.Id, call, Fence: fence));
            throw new NullRunnerException(HttpStatusCode.Conflict, ProblemCodes.StaleFence, $"a newer owner of {sandbox.Id} was seen");
        }
    }

    private async Task<CallView> AnswerAsync(NullSandbox sandbox, NullCall call, TimeSpan wait, CancellationToken cancellationToken)
    {
        var left = TimeSpan.FromMilliseconds(Math.Max(0, call.ReadyAt - Now));
        if (left > TimeSpan.Zero && wait > TimeSpan.Zero)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, sandbox.Ended);
            await Task.Delay(left < wait ? left : wait, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // What was answered before the end stays answered.
        return call.ReadyAt <= Now && call.ReadyAt <= sandbox.EndedAt
            ? new CallView { CallId = call.Id, Status = CallStatus.Result, Result = Result(call), DurationMs = 1 }
            : sandbox.IsAlive
                ? new CallView { CallId = call.Id, Status = CallStatus.Pending, Progress = new CallProgress(Now - call.StartedAt, call.ReadyAt - call.StartedAt, $"at {call.Key}".PadRight(LongestMessage, '.')) }
                : new CallView { CallId = call.Id, Status = CallStatus.Unknown, Error = new CallError(sandbox.Reason!, "the sandbox ended during the call") };
    }

    private static JsonElement Result(NullCall call) =>
        JsonSerializer.SerializeToElement(new { content = new[] { new { type = "text", text = call.Key } }, structuredContent = new { key = call.Key } });
}
