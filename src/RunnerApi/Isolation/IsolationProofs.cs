using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Isolation;

/// <summary>Keeps a proof for each kind of sandbox that the policy's profiles ask for, renews it, and lets nothing be launched without one.</summary>
internal sealed partial class IsolationProofs(ISandboxDriver driver, IPolicyGate gate, SandboxEgress egress, IsolationOptions options, TimeProvider time, ILogger<IsolationProofs> logger) : BackgroundService
{
    // A kind that is not proven is looked at again this often at most, however many launches ask.
    private static readonly TimeSpan TriesApart = TimeSpan.FromSeconds(30);

    // Of the time between two renewals: a launch waits for a probe only when the renewals fail to come.
    private const double LaunchShare = 2;
    private static readonly TimeSpan LookForProfiles = TimeSpan.FromSeconds(10);

    private readonly IsolationProbe _probe = new(driver, options, time) { Opener = egress };
    private readonly ConcurrentDictionary<string, Standing> _standings = new(StringComparer.Ordinal);
    private readonly KeyedLock _locks = new();

    /// <summary>True when nothing is launched without a proof.</summary>
    public bool IsEnforced => CanProve || options.Required == true;

    /// <summary>True when there is a probe to run.</summary>
    public bool CanProve => options.ProbeImage.Length > 0;

    /// <summary>What is known now.</summary>
    public IReadOnlyList<IsolationProof> Known => [.. _standings.Values.Select(Shown).OrderBy(p => p.Runtime, StringComparer.Ordinal).ThenBy(p => p.Nodes, StringComparer.Ordinal)];

    /// <summary>True for a sandbox of a probe that is under way, which is in no journal.</summary>
    public bool Owns(string id) => _probe.Owns(id);

    /// <summary>The plan with the proof that it rests on.</summary>
    /// <exception cref="RunnerProblem">403 <c>isolation_unproven</c>: nothing may be launched. 502, 503: it is not known now.</exception>
    public async Task<LaunchPlan> ProveAsync(LaunchPlan plan, CancellationToken cancellationToken)
    {
        if (!IsEnforced)
        {
            return plan;
        }

        if (!CanProve)
        {
            throw Unproven(plan, $"No probe image is set, so isolation cannot be proven; set {IsolationOptions.Section}:{nameof(IsolationOptions.ProbeImage)}.");
        }

        var kind = KindOf(plan.Spec.Runtime, plan.Spec.Nodes, plan.Record.Egress?.Rules ?? []);
        var standing = await StandingAsync(kind, LaunchShare, anew: false, cancellationToken);
        if (standing.Verdict is { Proven: false } proof)
        {
            throw Unproven(plan, $"Sandboxes under {proof.Runtime} are not proven to isolate (proof {proof.Id}): {Failures(proof.Checks)}. Mend the cluster or the host; './actors doctor' shows every check.");
        }

        return IsProven(standing, LaunchShare)
            ? plan with { Record = plan.Record with { IsolationProof = standing.Verdict!.Id } }
            : throw RunnerProblem.NotReady($"That sandboxes under {kind.Runtime} isolate cannot be proven now: {standing.CouldNotRun}. It is tried again.");
    }

    /// <summary>Proves every kind that the policy asks for, anew where <paramref name="anew"/>, and forgets the others.</summary>
    public async Task ProveAllAsync(bool anew, CancellationToken cancellationToken)
    {
        var kinds = Kinds().ToDictionary(KeyOf, StringComparer.Ordinal);
        foreach (var gone in _standings.Keys.Where(k => !kinds.ContainsKey(k)))
        {
            _standings.TryRemove(gone, out _);
        }

        foreach (var kind in kinds.Values)
        {
            await StandingAsync(kind, 1, anew, cancellationToken);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Profiles come and go with the policy; a proof that is too old is renewed before a launch has to wait for it.
        while (CanProve && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ProveAllAsync(anew: false, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogProbeBroke(e);
            }

            await Task.Delay(LookForProfiles, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<Standing> StandingAsync(SandboxKind kind, double share, bool anew, CancellationToken cancellationToken)
    {
        var key = KeyOf(kind);
        var closing = await ClosingAsync(cancellationToken);
        var asked = time.GetTimestamp();
        if (!anew && Find(key, share, closing) is { } known)
        {
            return known;
        }

        using var held = await _locks.EnterAsync(key, cancellationToken);
        if (Find(key, share, closing) is { } since && (!anew || since.TriedAt > asked))
        {
            return since;
        }

        var outcome = await _probe.RunAsync(kind, cancellationToken);
        var standing = Next(_standings.GetValueOrDefault(key), kind, outcome, closing);
        _standings[key] = standing;
        LogProbed(kind.Runtime, kind.Place, IsProven(standing, LaunchShare), standing.Verdict?.Id ?? "none", standing.CouldNotRun ?? Failures(outcome.Checks));
        return standing;
    }

    private async Task<string> ClosingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await egress.ClosingAsync(cancellationToken);
        }
        catch (SandboxException e)
        {
            throw RunnerProblem.EngineFailed(e.Message);
        }
    }

    // What an earlier probe saw stands while what closes the network is the same.
    private Standing Next(Standing? before, SandboxKind kind, ProbeOutcome outcome, string closing)
    {
        var now = time.GetTimestamp();
        return outcome.CouldNotRun is not { } why
            ? new Standing(kind, Proof(kind, outcome.Checks), now, closing, null, now)
            : before is not null && before.Closing == closing && (before.Verdict is { Proven: false } || IsProven(before, LaunchShare))
                ? before with { CouldNotRun = why, TriedAt = now }
                : new Standing(kind, null, now, closing, why, now);
    }

    private Standing? Find(string key, double share, string closing) =>
        _standings.TryGetValue(key, out var found) && found.Closing == closing && (IsProven(found, share) || time.GetElapsedTime(found.TriedAt) < TriesApart) ? found : null;

    private bool IsProven(Standing standing, double share) =>
        standing.Verdict is { Proven: true } && time.GetElapsedTime(standing.At) < TimeSpan.FromMinutes(options.RepeatMinutes) * share;

    private IsolationProof Shown(Standing standing) =>
        standing.Verdict is { } verdict ? verdict with { NotRenewed = standing.CouldNotRun } : Proof(standing.Kind, [new IsolationCheck("probe", Passed: false, "the probe could not run: " + standing.CouldNotRun)]);

    private IsolationProof Proof(SandboxKind kind, IReadOnlyList<IsolationCheck> checks)
    {
        var proof = new IsolationProof
        {
            Id = "",
            Profiles = [.. gate.Profiles.Where(p => KindOf(p) is { } k && KeyOf(k) == KeyOf(kind)).Select(p => p.Name).Order(StringComparer.Ordinal)],
            Runtime = kind.Runtime,
            Nodes = kind.Place,
            Proven = checks.Count > 0 && checks.All(c => c.Passed),
            CheckedAt = time.GetUtcNow(),
            Checks = checks,
        };
        return proof with { Id = "iso-" + Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(proof, ContractJson.Options)))[..32] };
    }

    private IEnumerable<SandboxKind> Kinds() => gate.Profiles.Select(KindOf).OfType<SandboxKind>().DistinctBy(KeyOf, StringComparer.Ordinal);

    private SandboxKind? KindOf(SandboxProfile profile) => egress.Refuse(profile) is null && driver.ResolveRuntime(profile.Runtime) is { } runtime ? KindOf(runtime, profile.Nodes, profile.Egress) : null;

    private SandboxKind KindOf(string runtime, NodePlacement? nodes, IReadOnlyList<EgressRule> rules) => new(runtime, runtime == driver.ResolveRuntime(SandboxRuntime.Runsc), nodes) { Egress = rules };

    private static string KeyOf(SandboxKind kind) => kind.Runtime + "\n" + kind.Place + "\n" + kind.Reach;

    private static string Failures(IEnumerable<IsolationCheck> checks) => string.Join("; ", checks.Where(c => !c.Passed).Select(c => $"{c.Name}: {c.Detail}"));

    private static RunnerProblem Unproven(LaunchPlan plan, string reason) =>
        RunnerProblem.Refused(plan.Record.Decision with { Admitted = false, Code = RefusalCodes.IsolationUnproven, Reason = reason });

    /// <summary>What is known of a kind.</summary>
    /// <param name="Kind">The kind.</param>
    /// <param name="Verdict">What the last probe that ran has seen.</param>
    /// <param name="At">When.</param>
    /// <param name="Closing">What closed the network then.</param>
    /// <param name="CouldNotRun">Why the last probe did not run; null when it did.</param>
    /// <param name="TriedAt">When that was.</param>
    private sealed record Standing(SandboxKind Kind, IsolationProof? Verdict, long At, string Closing, string? CouldNotRun, long TriedAt);

    [LoggerMessage(40, LogLevel.Information, "Isolation under {Runtime} on nodes '{Nodes}': proven {Proven}, proof {Proof} {Failed}")]
    private partial void LogProbed(string runtime, string nodes, bool proven, string proof, string failed);

    [LoggerMessage(41, LogLevel.Error, "A probe of isolation broke")]
    private partial void LogProbeBroke(Exception exception);

    private readonly ILogger _logger = logger;
}
