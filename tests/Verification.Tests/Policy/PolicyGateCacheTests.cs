using Actors.RunnerApi.Contracts;
using Actors.Verification.Tests.Oci;
using Actors.Testing;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class PolicyGateCacheTests : RegistryGate
{
    [Fact]
    public async Task DecideAsync_DigestAgainWithinCacheTime_AsksNothing()
    {
        var pinned = AddSigned();
        var first = await Harness.DecideAsync(pinned);
        var asked = Registry.Requests.Count;
        Harness.Clock.Advance(TimeSpan.FromSeconds(59));

        var second = await Harness.DecideAsync(pinned);

        Assert.True(first.Admitted && second.Admitted);
        Assert.Equal(asked, Registry.Requests.Count);
        Assert.Equal(first.Reference, second.Reference);
        Assert.Equal(first.Evidence.Select(e => e.Check), second.Evidence.Select(e => e.Check));
        Assert.Equal("cache", second.Evidence[2].Facts["from"]);
        Assert.Equal(first.DecidedAt.ToString("O"), second.Evidence[3].Facts["verified_at"]);
        Assert.Equal(Harness.Clock.GetUtcNow(), second.DecidedAt);
    }

    [Fact]
    public async Task DecideAsync_DigestAfterCacheTime_VerifiesAgain()
    {
        var pinned = AddSigned();
        await Harness.DecideAsync(pinned);
        Harness.Clock.Advance(TimeSpan.FromSeconds(60));
        Registry.Trick = context =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };

        var decision = await Harness.DecideAsync(pinned);

        Assert.Equal(RefusalCodes.RegistryUnavailable, decision.Code);
    }

    [Fact]
    public async Task DecideAsync_TagAgain_ResolvesAnewAndVerifiesOnce()
    {
        AddSigned();
        await Harness.DecideAsync(Tagged);

        var second = await Harness.DecideAsync(Tagged);

        Assert.True(second.Admitted, second.Reason);
        Assert.Equal(2, Registry.Seen("/manifests/1").Count);
        Assert.Single(Registry.Seen(".sig"));
        Assert.Equal("registry", second.Evidence[2].Facts["from"]);
    }

    [Fact]
    public async Task DecideAsync_SameDigestInAnotherRepository_IsNotTakenFromTheCache()
    {
        var digest = (await Harness.DecideAsync(AddSigned())).Digest;

        var decision = await Harness.DecideAsync($"{Registry.Host}/examples/other@{digest}");

        Assert.Equal(RefusalCodes.ImageNotFound, decision.Code);
    }

    [Fact]
    public async Task DecideAsync_AfterARefusal_LooksAgain()
    {
        var image = TestImages.Text("cached");
        Registry.Add(Name, "1", image);
        var refused = await Harness.DecideAsync($"{Registry.Host}/{Name}@{image.Digest}");
        AddSigned();

        var decision = await Harness.DecideAsync($"{Registry.Host}/{Name}@{image.Digest}");

        Assert.Equal(RefusalCodes.Unsigned, refused.Code);
        Assert.True(decision.Admitted, decision.Reason);
    }

    [Fact]
    public async Task DecideAsync_IdenticalAtTheSameTime_ShareOneFetchAlsoWhenTheFirstGivesUp()
    {
        AddSigned();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Registry.Trick = async _ =>
        {
            reached.TrySetResult();
            await release.Task;
            return false;
        };
        using var impatient = new CancellationTokenSource();
        var first = Harness.Gate.DecideAsync(Tagged, "default", impatient.Token);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        var others = Enumerable.Range(0, 5).Select(_ => Harness.DecideAsync(Tagged)).ToList();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        var decisions = await Task.WhenAll(others);

        Assert.All(decisions, d => Assert.True(d.Admitted, d.Reason));
        Assert.Single(Registry.Seen("/manifests/1"));
        Assert.Single(Registry.Seen(".sig"));
    }

    private string AddSigned() => Pinned(AddSigned("cached"));
}
