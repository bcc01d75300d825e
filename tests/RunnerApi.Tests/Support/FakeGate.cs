using Actors.RunnerApi.Contracts;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Tests.Support;

/// <summary>Admits every image but those whose name begins with <c>evil</c>, and is too busy for those that begin with <c>crowd</c>.</summary>
internal sealed class FakeGate(TimeProvider time) : IPolicyGate
{
    public const string Digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private readonly SandboxProfile _profile = new()
    {
        Name = "default",
        Defaults = new ProfileLimits(500, 64 << 20, 32, 600),
        Caps = new ProfileLimits(1000, 128 << 20, 64, 3600),
    };

    public IReadOnlyList<PolicyAlarm> Alarms { get; set; } = [];

    public PolicyStatus Status => new("test", time.GetUtcNow(), Rules: 1, Profiles: 1, Alarms);

    public IReadOnlyCollection<SandboxProfile> Profiles => [_profile with { Egress = Egress }];

    /// <summary>What the profile lets a sandbox reach.</summary>
    public IReadOnlyList<EgressRule> Egress { get; set; } = [];

    public Task<GateResult> DecideAsync(string image, string profile, CancellationToken cancellationToken)
    {
        if (image.StartsWith("crowd", StringComparison.Ordinal))
        {
            return Task.FromException<GateResult>(new GateBusyException());
        }

        var admitted = !image.StartsWith("evil", StringComparison.Ordinal);
        var decision = new Decision
        {
            Admitted = admitted,
            Image = image,
            Profile = profile,
            Reference = admitted ? image + "@" + Digest : null,
            Digest = admitted ? Digest : null,
            Code = admitted ? null : RefusalCodes.Unsigned,
            Reason = admitted ? null : "No signature is attached.",
            PolicyRevision = "test",
            DecidedAt = time.GetUtcNow(),
        };
        return Task.FromResult(new GateResult(decision, Profiles.Single(), InsecureRegistry: false));
    }
}
