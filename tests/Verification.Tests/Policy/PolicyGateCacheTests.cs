using Actors.RunnerApi.Contracts;
using Actors.Verification.Tests.Oci;
using Actors.Testing;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class PolicyGateCacheTests : IAsyncLifetime
{
    private const string Name = "examples/tool";
    private HostileRegistry _registry = null!;
    private GateHarness _harness = null!;

    private string Tagged => $"{_registry.Host}/{Name}:1";

    public async Task InitializeAsync()
    {
        _registry = await HostileRegistry.StartAsync();
        _harness = new GateHarness(_registry.Host);
    }

    public async Task DisposeAsync()
    {
        await _harness.DisposeAsync();
        await _registry.DisposeAsync();
    }

    [Fact]
    public async Task DecideAsync_DigestAgainWithinCacheTime_AsksNothing()
    {
        var pinned = AddSigned();
        var first = await _harness.DecideAsync(pinned);
        var asked = _registry.Requests.Count;
        _harness.Clock.Advance(TimeSpan.FromSeconds(59));

        var second = await _harness.DecideAsync(pinned);

        Assert.True(first.Admitted && second.Admitted);
        Assert.Equal(asked, _registry.Requests.Count);
        Assert.Equal(first.Reference, second.Reference);
        Assert.Equal(first.Evidence.Select(e => e.Check), second.Evidence.Select(e => e.Check));
        Assert.Equal("cache", second.Evidence[2].Facts["from"]);
        Assert.Equal(first.DecidedAt.ToString("O"), second.Evidence[3].Facts["verified_at"]);
        Assert.Equal(_harness.Clock.GetUtcNow(), second.DecidedAt);
    }

    [Fact]
    public async Task DecideAsync_DigestAfterCacheTime_VerifiesAgain()
    {
        var pinned = AddSigned();
        await _harness.DecideAsync(pinned);
        _harness.Clock.Advance(TimeSpan.FromSeconds(60));
        _registry.Trick = context =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };

        var decision = await _harness.DecideAsync(pinned);

        Assert.Equal(RefusalCodes.RegistryUnavailable, decision.Code);
    }

    [Fact]
    public async Task DecideAsync_TagAgain_ResolvesAnewAndVerifiesOnce()
    {
        AddSigned();
        await _harness.DecideAsync(Tagged);

        var second = await _harness.DecideAsync(Tagged);

        Assert.True(second.Admitted, second.Reason);
        Assert.Equal(2, _registry.Seen("/manifests/1").Count);
        Assert.Single(_registry.Seen(".sig"));
        Assert.Equal("registry", second.Evidence[2].Facts["from"]);
    }

    [Fact]
    public async Task DecideAsync_SameDigestInAnotherRepository_IsNotTakenFromTheCache()
    {
        var digest = (await _harness.DecideAsync(AddSigned())).Digest;

        var decision = await _harness.DecideAsync($"{_registry.Host}/examples/other@{digest}");

        Assert.Equal(RefusalCodes.ImageNotFound, decision.Code);
    }

    [Fact]
    public async Task DecideAsync_AfterARefusal_LooksAgain()
    {
        var image = TestImages.Text("cached");
        _registry.Add(Name, "1", image);
        var refused = await _harness.DecideAsync($"{_registry.Host}/{Name}@{image.Digest}");
        AddSigned();

        var decision = await _harness.DecideAsync($"{_registry.Host}/{Name}@{image.Digest}");

        Assert.Equal(RefusalCodes.Unsigned, refused.Code);
        Assert.True(decision.Admitted, decision.Reason);
    }

    [Fact]
    public async Task DecideAsync_IdenticalAtTheSameTime_ShareOneFetchAlsoWhenTheFirstGivesUp()
    {
        AddSigned();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _registry.Trick = async _ =>
        {
            reached.TrySetResult();
            await release.Task;
            return false;
        };
        using var impatient = new CancellationTokenSource();
        var first = _harness.Gate.DecideAsync(Tagged, "default", impatient.Token);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        var others = Enumerable.Range(0, 5).Select(_ => _harness.DecideAsync(Tagged)).ToList();

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        release.SetResult();
        var decisions = await Task.WhenAll(others);

        Assert.All(decisions, d => Assert.True(d.Admitted, d.Reason));
        Assert.Single(_registry.Seen("/manifests/1"));
        Assert.Single(_registry.Seen(".sig"));
    }

    private string AddSigned()
    {
        var image = TestImages.Text("cached");
        _registry.Add(Name, "1", image);
        _registry.Add(Name, CosignTestSigner.TagOf(image.Digest), CosignTestSigner.ManifestOf([_harness.Signer.Sign(image.Digest)]));
        return $"{_registry.Host}/{Name}@{image.Digest}";
    }
}
