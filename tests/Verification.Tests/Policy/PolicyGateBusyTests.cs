using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Policy;
using Actors.Verification.Tests.Oci;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>What is checked at once is bounded, and what is too much is told so.</summary>
public sealed class PolicyGateBusyTests : RegistryGate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Fact]
    public async Task DecideAsync_MoreThanMayWait_IsBusyAndTheOthersAreDecided()
    {
        await using var harness = Narrow();
        var running = harness.DecideAsync(Tagged);
        await _reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        var waiting = harness.DecideAsync($"{Registry.Host}/{Name}:2");
        await Assert.ThrowsAsync<GateBusyException>(() => harness.DecideAsync($"{Registry.Host}/{Name}:3"));
        Assert.Empty(Registry.Seen("/manifests/2"));
        _release.SetResult();

        Assert.True((await running).Admitted);
        Assert.False((await waiting).Admitted);
        Assert.True((await harness.DecideAsync(Tagged)).Admitted);
    }

    [Fact]
    public async Task DecideAsync_PlaceBecomesFree_HasItsWholeDeadline()
    {
        await using var harness = Narrow();
        var running = harness.DecideAsync(Tagged);
        await _reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        // Its patience began later than the deadline of the one that runs, which gives its place back.
        harness.Clock.Advance(TimeSpan.FromSeconds(5));
        var waiting = harness.DecideAsync($"{Registry.Host}/{Name}:2");
        harness.Clock.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(RefusalCodes.RegistryUnavailable, (await running).Code);
        _release.SetResult();
        Assert.Equal(RefusalCodes.ImageNotFound, (await waiting).Code);
    }

    [Fact]
    public async Task TakeAsync_NoPlaceInTime_IsBusyAndKeepsNone()
    {
        var slots = new CheckSlots(new PolicyOptions { PolicyFile = "policy.yaml", MaxChecks = 1, MaxWaitingChecks = 1 }, Harness.Clock);
        await slots.TakeAsync();
        var waiting = slots.TakeAsync();

        Harness.Clock.Advance(TimeSpan.FromSeconds(20));

        await Assert.ThrowsAsync<GateBusyException>(() => waiting);
        var next = slots.TakeAsync();
        Assert.False(next.IsCompleted);
        slots.Release();
        await next.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
    }

    [Fact]
    public async Task DecideAsync_KnownDigestWhileAllPlacesAreTaken_IsDecided()
    {
        var image = AddSigned("known");
        await using var harness = Narrow(hold: false);
        Assert.True((await harness.DecideAsync(Pinned(image))).Admitted);
        Hold();
        var running = harness.DecideAsync(Tagged);
        await _reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.True((await harness.DecideAsync(Pinned(image))).Admitted);

        _release.SetResult();
        await running;
    }

    [Fact]
    public async Task DecideAsync_AnotherRegistryTakesAllItsPlaces_IsDecided()
    {
        await using var other = await HostileRegistry.StartAsync();
        await using var harness = Narrow(rules: GateHarness.RuleFor(Registry.Host) + "\n" + GateHarness.RuleFor(other.Host));
        var image = TestImages.Text("elsewhere");
        other.Add(Name, "1", image);
        other.Add(Name, CosignTestSigner.TagOf(image.Digest), CosignTestSigner.ManifestOf([harness.Signer.Sign(image.Digest)]));
        var running = harness.DecideAsync(Tagged);
        await _reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        var waiting = harness.DecideAsync($"{Registry.Host}/{Name}:2");

        Assert.True((await harness.DecideAsync($"{other.Host}/{Name}:1")).Admitted);

        _release.SetResult();
        await Task.WhenAll(running, waiting);
    }

    // One check at a time, one that waits, and a registry that answers when it is told to.
    private GateHarness Narrow(bool hold = true, string? rules = null)
    {
        if (hold)
        {
            Hold();
        }

        var harness = new GateHarness(Registry.Host, rules, change: o => o with { MaxChecks = 1, MaxWaitingChecks = 1 });
        var image = TestImages.Text("known");
        Registry.Add(Name, "1", image);
        AddSignatures(image, [harness.Signer.Sign(image.Digest)]);
        return harness;
    }

    private void Hold() => Registry.Trick = async _ =>
    {
        _reached.TrySetResult();
        await _release.Task;
        return false;
    };
}
