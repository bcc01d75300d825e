using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.Verification.Policy;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>A launch that may happen: the record to keep and the container to create.</summary>
internal sealed record LaunchPlan(LaunchRecord Record, SandboxSpec Spec, SecretScrubber Scrubber);

/// <summary>Turns a request into a plan: decides again, checks limits and runtime, resolves secrets. Nothing is started here.</summary>
internal sealed class LaunchPlanner(IPolicyGate gate, SessionServices services, SecretStore secrets, SandboxEgress egress, RunnerToken token)
{
    /// <summary>Plans a launch.</summary>
    /// <exception cref="RunnerProblem">403 refused, 422 unknown secret.</exception>
    public async Task<LaunchPlan> PlanAsync(LaunchRequest request, CancellationToken cancellationToken)
    {
        var result = await gate.DecideAsync(request.Image, request.Profile, cancellationToken);
        var decision = result.Decision;
        if (!decision.Admitted || result.Profile is not { } profile || decision.Reference is not { } reference || decision.Digest is null)
        {
            throw RunnerProblem.Refused(decision.Admitted ? Refuse(decision, RefusalCodes.UnknownProfile, "The decision names no profile or digest.") : decision);
        }

        var limits = Resolve(request.Limits, profile, decision);
        var runtime = services.Driver.ResolveRuntime(profile.Runtime)
            ?? throw RunnerProblem.Refused(Refuse(decision, RefusalCodes.RuntimeUnavailable, $"Profile '{profile.Name}' wants the runtime '{profile.Runtime}', which this machine lacks; install it or change the profile."));
        CheckEgress(request, profile, decision);
        var opened = egress.Plan(request.Id, profile);
        var values = request.Secrets.ToDictionary(s => s.Key, s => secrets.Read(s.Value), StringComparer.Ordinal);

        var record = new LaunchRecord
        {
            Request = request,
            BodyHash = BodyHash.Of(request),
            Decision = decision,
            Runtime = runtime,
            Egress = opened,
            CreatedAt = services.Time.GetUtcNow(),
            SecretProofs = request.Secrets.DistinctBy(s => s.Value, StringComparer.Ordinal).ToDictionary(s => s.Value, s => token.Prove(s.Value, values[s.Key]), StringComparer.Ordinal),
        };
        var spec = new SandboxSpec
        {
            Id = request.Id,
            Reference = reference,
            InsecureRegistry = result.InsecureRegistry,
            Args = request.Args,
            Env = request.Env.Concat(values).Concat(egress.Variables(request.Id, opened, request.Env)).ToDictionary(StringComparer.Ordinal),
            Runtime = runtime,
            CpuMillis = limits.CpuMillis,
            MemoryBytes = limits.MemoryBytes,
            Pids = limits.Pids,
            Lifetime = TimeSpan.FromSeconds(limits.LifetimeSeconds),
            OutputBytes = services.Options.MaxOutputBytes,
            Nodes = profile.Nodes,
        };
        return new LaunchPlan(record, spec, new SecretScrubber(values.Values.Concat(egress.Secrets(request.Id, opened))));
    }

    /// <summary>The scrubber of a launch by an earlier process; null when a secret changed since, so that its old value can't be found in the output.</summary>
    public SecretScrubber? Rescrub(LaunchRecord record)
    {
        try
        {
            var values = record.SecretProofs.Keys.ToDictionary(name => name, secrets.Read, StringComparer.Ordinal);
            return egress.Knows(record.Request.Id, record.Egress) && values.All(v => token.Prove(v.Key, v.Value) == record.SecretProofs[v.Key]) ? new SecretScrubber(values.Values.Concat(egress.Secrets(record.Request.Id, record.Egress))) : null;
        }
        catch (RunnerProblem)
        {
            return null;
        }
    }

    private void CheckEgress(LaunchRequest request, SandboxProfile profile, Decision decision)
    {
        if (egress.Refuse(profile) is { } reason)
        {
            throw RunnerProblem.Refused(Refuse(decision, RefusalCodes.EgressUnavailable, reason));
        }

        if (profile.Egress.Count > 0 && egress.Taken(request) is { } variable)
        {
            throw RunnerProblem.BadRequest($"env: '{variable}' is where the proxy of profile '{profile.Name}' goes; leave it out.");
        }
    }

    private static ProfileLimits Resolve(SandboxLimits wanted, SandboxProfile profile, Decision decision)
    {
        var (given, caps) = (profile.Defaults, profile.Caps);
        var limits = new ProfileLimits(
            wanted.CpuMillis ?? given.CpuMillis, wanted.MemoryBytes ?? given.MemoryBytes, wanted.Pids ?? given.Pids, wanted.LifetimeSeconds ?? given.LifetimeSeconds);
        var over = limits.CpuMillis > caps.CpuMillis ? $"cpuMillis {limits.CpuMillis} over {caps.CpuMillis}"
            : limits.MemoryBytes > caps.MemoryBytes ? $"memoryBytes {limits.MemoryBytes} over {caps.MemoryBytes}"
            : limits.Pids > caps.Pids ? $"pids {limits.Pids} over {caps.Pids}"
            : limits.LifetimeSeconds > caps.LifetimeSeconds ? $"lifetimeSeconds {limits.LifetimeSeconds} over {caps.LifetimeSeconds}"
            : null;
        return over is null
            ? limits
            : throw RunnerProblem.Refused(Refuse(decision, RefusalCodes.LimitsExceedProfile, $"The launch asks for {over}, the cap of profile '{profile.Name}'; ask for less or raise the cap in the policy."));
    }

    private static Decision Refuse(Decision decision, string code, string reason) => decision with { Admitted = false, Code = code, Reason = reason };
}
