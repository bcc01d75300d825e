using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Policy;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class PolicyReloadTests : RegistryGate
{
    [Fact]
    public async Task DecideAsync_AfterTheFileChanged_UsesTheNewPolicy()
    {
        var image = AddSigned("reload");
        var before = await Harness.DecideAsync(Pinned(image));

        Harness.Folder.WriteRules($"  - match: \"{Registry.Host}/**\"\n    deny: true");
        Tick();
        var after = await Harness.DecideAsync(Pinned(image));

        Assert.True(before.Admitted, before.Reason);
        Assert.Equal(RefusalCodes.RegistryNotAllowed, after.Code);
        Assert.NotEqual(before.PolicyRevision, after.PolicyRevision);
    }

    [Fact]
    public async Task DecideAsync_AfterABadChange_KeepsTheOldPolicyWithAnAlarm()
    {
        var image = AddSigned("bad reload");
        var before = await Harness.DecideAsync(Pinned(image));

        Harness.Folder.Write("policy.yaml", "version: 1\nregistries: nonsense\n");
        Tick();
        var during = await Harness.DecideAsync(Pinned(image));
        var alarm = Assert.Single(Harness.Gate.Status.Alarms);
        Tick();

        Assert.True(during.Admitted, during.Reason);
        Assert.Equal(before.PolicyRevision, during.PolicyRevision);
        Assert.Equal("policy_reload_failed", alarm.Code);
        Assert.Contains("policy.yaml:2:", alarm.Message, StringComparison.Ordinal);
        Assert.Single(Harness.Log.Lines, l => l.Level == LogLevel.Error);

        Harness.Folder.WriteRules(GateHarness.RuleFor(Registry.Host));
        Tick();
        Assert.Empty(Harness.Gate.Status.Alarms);
        Assert.Equal(before.PolicyRevision, Harness.Gate.Status.Revision);
    }

    [Fact]
    public async Task DecideAsync_AfterAKeyFileChanged_TrustsTheNewKeyOnly()
    {
        var image = AddSigned("key change");
        using var other = new CosignTestSigner();
        var before = await Harness.DecideAsync(Pinned(image));

        Harness.Folder.Write("keys/demo.pub", other.PublicKeyPem);
        Tick();
        var after = await Harness.DecideAsync(Pinned(image));

        Assert.True(before.Admitted, before.Reason);
        Assert.Equal(RefusalCodes.SignatureInvalid, after.Code);
    }

    [Fact]
    public async Task DecideAsync_AfterTheDirectoryBehindALinkWasSwapped_UsesTheNewPolicy()
    {
        // As a ConfigMap is mounted: policy.yaml -> ..data/policy.yaml, ..data -> a dated directory.
        using var folder = new PolicyFolder();
        var root = Path.GetDirectoryName(folder.PolicyPath)!;
        folder.Write("one/policy.yaml", PolicyOf("ghcr.io/one")).Write("two/policy.yaml", PolicyOf("ghcr.io/two"));
        Directory.CreateSymbolicLink(Path.Combine(root, "..data"), "one");
        File.CreateSymbolicLink(folder.PolicyPath, Path.Combine("..data", "policy.yaml"));
        var options = new PolicyOptions { PolicyFile = folder.PolicyPath, ReloadEvery = GateHarness.ReloadEvery };
        using var gate = PolicyGate.Open(options, Harness.Clock, Harness.Log);
        var before = await gate.DecideAsync("ghcr.io/two:1", "default", CancellationToken.None);

        Directory.Delete(Path.Combine(root, "..data"));
        Directory.CreateSymbolicLink(Path.Combine(root, "..data"), "two");
        Tick();
        var after = await gate.DecideAsync("ghcr.io/two:1", "default", CancellationToken.None);

        Assert.Null(before.Decision.Rule);
        Assert.Equal("ghcr.io/two", after.Decision.Rule);
    }

    [Fact]
    public async Task DecideAsync_PolicyChangesDuringADecision_DecidesByTheOneItBeganWith()
    {
        var image = AddSigned("in flight");
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Registry.Trick = async _ =>
        {
            reached.TrySetResult();
            await release.Task;
            return false;
        };
        var before = Harness.Gate.Status.Revision;
        var deciding = Harness.DecideAsync(Pinned(image));
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Harness.Folder.WriteRules($"  - match: \"{Registry.Host}/**\"\n    deny: true");
        Tick();
        release.SetResult();
        var decision = await deciding;

        Assert.True(decision.Admitted, decision.Reason);
        Assert.Equal(before, decision.PolicyRevision);
        Assert.NotEqual(before, Harness.Gate.Status.Revision);
    }

    [Fact]
    public async Task DecideAsync_DigestDeniedLater_IsRefusedDespiteTheCache()
    {
        var image = AddSigned("revoked");
        await using var harness = Under("any: [ { key: keys/demo.pub } ]");
        AddSignatures(image, [harness.Signer.Sign(image.Digest)]);
        var before = await harness.DecideAsync(Pinned(image));

        harness.Folder.Write("revoked.txt", image.Digest + "\n").WriteRules(GateHarness.RuleFor(Registry.Host), "deny_digests_file: revoked.txt");
        harness.Clock.Advance(GateHarness.ReloadEvery);
        var after = await harness.DecideAsync(Pinned(image));
        harness.Folder.Write("revoked.txt", "\n");
        harness.Clock.Advance(GateHarness.ReloadEvery);
        var pardoned = await harness.DecideAsync(Pinned(image));

        Assert.True(before.Admitted, before.Reason);
        Assert.Equal(RefusalCodes.DigestDenied, after.Code);
        Assert.Equal("deny_list", after.Evidence[^1].Check);
        Assert.True(pardoned.Admitted, pardoned.Reason);
    }

    private static string PolicyOf(string pattern) => $"version: 1\nregistries: [ {{ match: {pattern}, deny: true }} ]\n{PolicyFolder.Profiles}\n";

    private void Tick() => Harness.Clock.Advance(GateHarness.ReloadEvery);
}
