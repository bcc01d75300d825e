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
    // A kind that failed is looked at again this often at most, however many launches ask.
    private static readonly TimeSpan FailureStands = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookForProfiles = TimeSpan.FromSeconds(10);

    private readonly IsolationProbe _probe = new(driver, options, time) { Opener = egress };
    private readonly ConcurrentDictionary<string, (IsolationProof Proof, long At)> _proofs = new(StringComparer.Ordinal);
    private readonly KeyedLock _locks = new();

    /// <summary>True when nothing is launched without a proof.</summary>
    public bool IsEnforced => CanProve || options.Required == true;

    /// <summary>True when there is a probe to run.</summary>
    public bool CanProve => options.ProbeImage.Length > 0;

    /// <summary>What is known now.</summary>
    public IReadOnlyList<IsolationProof> Known => [.. _proofs.Values.Select(p => p.Proof).OrderBy(p => p.Runtime, StringComparer.Ordinal).ThenBy(p => p.Nodes, StringComparer.Ordinal)];

    /// <summary>The plan with the proof that it rests on.</summary>
    /// <exception cref="RunnerProblem">403 <c>isolation_unproven</c>: nothing may be launched.</exception>
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

        var proof = await ProofAsync(KindOf(plan.Spec.Runtime, plan.Spec.Nodes, plan.Record.Egress?.Rules ?? []), 2, cancellationToken);
        if (!proof.Proven)
        {
            var failed = proof.Checks.Where(c => !c.Passed).Select(c => $"{c.Name}: {c.Detail}");
            throw Unproven(plan, $"Sandboxes under {proof.Runtime} are not proven to isolate (proof {proof.Id}): {string.Join("; ", failed)}. Mend the cluster or the host; './actors doctor' shows every check.");
        }

        return plan with { Record = plan.Record with { IsolationProof = proof.Id } };
    }

    /// <summary>Proves every kind that the policy asks for, anew where <paramref name="anew"/>.</summary>
    public async Task ProveAllAsync(bool anew, CancellationToken cancellationToken)
    {
        foreach (var kind in Kinds())
        {
            if (anew)
            {
                _proofs.TryRemove(KeyOf(kind), out _);
            }

            await ProofAsync(kind, 1, cancellationToken);
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

    private async Task<IsolationProof> ProofAsync(SandboxKind kind, double share, CancellationToken cancellationToken)
    {
        var key = KeyOf(kind);
        if (Fresh(key, share) is { } known)
        {
            return known;
        }

        using var held = await _locks.EnterAsync(key, cancellationToken);
        if (Fresh(key, share) is { } proven)
        {
            return proven;
        }

        var checks = await _probe.RunAsync(kind, cancellationToken);
        var proof = Proof(kind, checks);
        _proofs[key] = (proof, time.GetTimestamp());
        LogProbed(proof.Runtime, proof.Nodes, proof.Proven, proof.Id, string.Join("; ", checks.Where(c => !c.Passed).Select(c => $"{c.Name}: {c.Detail}")));
        return proof;
    }

    // Twice the time between two renewals: a launch waits for a probe only when the renewals fail to come.
    private IsolationProof? Fresh(string key, double share) =>
        _proofs.TryGetValue(key, out var found) && time.GetElapsedTime(found.At) < (found.Proof.Proven ? TimeSpan.FromMinutes(options.RepeatMinutes) * share : FailureStands) ? found.Proof : null;

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

    private static RunnerProblem Unproven(LaunchPlan plan, string reason) =>
        RunnerProblem.Refused(plan.Record.Decision with { Admitted = false, Code = RefusalCodes.IsolationUnproven, Reason = reason });

    [LoggerMessage(40, LogLevel.Information, "Isolation under {Runtime} on nodes '{Nodes}': proven {Proven}, proof {Proof} {Failed}")]
    private partial void LogProbed(string runtime, string nodes, bool proven, string proof, string failed);

    [LoggerMessage(41, LogLevel.Error, "A probe of isolation broke")]
    private partial void LogProbeBroke(Exception exception);

    private readonly ILogger _logger = logger;
}
