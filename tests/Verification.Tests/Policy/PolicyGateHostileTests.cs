using Actors.RunnerApi.Contracts;
using Actors.Verification.Tests.Oci;
using Actors.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>A registry that lies. Each test that goes back to a published mistake names it.</summary>
public sealed class PolicyGateHostileTests : IAsyncLifetime
{
    private const string Name = "examples/tool";
    private HostileRegistry _registry = null!;
    private GateHarness _harness = null!;

    private string Image => $"{_registry.Host}/{Name}:1";

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

    [Theory]
    [InlineData("CVE-2022-47633")]
    [InlineData("CVE-2023-47630")]
    [InlineData("CVE-2023-33959")]
    public async Task DecideAsync_TagMovesAfterTheFirstAnswer_LaunchesTheVerifiedDigest(string precedent)
    {
        var good = AddSigned("good " + precedent);
        var evil = TestImages.Text("evil " + precedent);
        var answers = 0;
        _registry.Trick = context =>
        {
            if (context.Request.Path == $"/v2/{Name}/manifests/1" && Interlocked.Increment(ref answers) == 1)
            {
                _registry.Add(Name, "2", evil);
                _registry.Serve($"/v2/{Name}/manifests/1", good.Manifest, good.MediaType);
            }
            else if (context.Request.Path == $"/v2/{Name}/manifests/1")
            {
                _registry.Serve($"/v2/{Name}/manifests/1", evil.Manifest, evil.MediaType);
            }

            return Task.FromResult(false);
        };

        var first = await _harness.DecideAsync(Image);
        var askedByTag = _registry.Seen("/manifests/1").Count;
        var second = await _harness.DecideAsync(Image);

        Assert.True(first.Admitted, first.Reason);
        Assert.Equal($"{_registry.Host}/{Name}@{good.Digest}", first.Reference);
        Assert.Equal(1, askedByTag);
        Assert.Equal(RefusalCodes.Unsigned, second.Code);
        Assert.Equal(evil.Digest, second.Digest);
    }

    [Fact]
    public async Task DecideAsync_CVE_2022_47633_OtherBytesForAPinnedDigest_IsRefused()
    {
        var good = AddSigned("pinned");
        var evil = TestImages.Text("swapped");
        _registry.Serve($"/v2/{Name}/manifests/{good.Digest}", evil.Manifest, evil.MediaType);

        var decision = await _harness.DecideAsync($"{_registry.Host}/{Name}@{good.Digest}");

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains(evil.Digest, decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_CVE_2023_47630_DigestHeaderOfAnotherImage_IsRefused()
    {
        var good = AddSigned("claimed");
        var evil = TestImages.Text("delivered");
        _registry.Trick = async context =>
        {
            if (context.Request.Path != $"/v2/{Name}/manifests/1")
            {
                return false;
            }

            context.Response.ContentType = evil.MediaType;
            context.Response.Headers["Docker-Content-Digest"] = good.Digest;
            await context.Response.Body.WriteAsync(evil.Manifest);
            return true;
        };

        var decision = await _harness.DecideAsync(Image);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Null(decision.Reference);
    }

    [Theory]
    [InlineData("CVE-2023-46737")]
    [InlineData("CVE-2024-29902")]
    [InlineData("CVE-2023-33957")]
    public async Task DecideAsync_EndlessManifest_IsRefusedWithinTheCap(string precedent)
    {
        using var endless = EndlessServer.Start(TestImages.ManifestType);
        await using var harness = new GateHarness(endless.Host);

        var decision = await harness.DecideAsync($"{endless.Host}/{Name}:1");

        Assert.True(decision.Code == RefusalCodes.RegistryProtocol, $"{precedent}: {decision.Code} {decision.Reason}");

        // The cap and what fits into both sockets' buffers.
        Assert.InRange(await endless.Sent.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System), 4 << 20, 24 << 20);
    }

    [Fact]
    public async Task DecideAsync_CVE_2023_33958_DeclaredLengthOverTheCap_IsRefusedUnread()
    {
        _registry.Trick = async context =>
        {
            context.Response.ContentType = TestImages.ManifestType;
            context.Response.ContentLength = 5 * 1024 * 1024;
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        };

        var decision = await _harness.DecideAsync(Image);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains("4194304", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_CVE_2023_46737_MoreSignaturesThanTheCap_IsRefused()
    {
        var image = TestImages.Text("many");
        _registry.Add(Name, "1", image);
        AddSignatures(image, [.. Enumerable.Range(0, 21).Select(_ => _harness.Signer.Sign(image.Digest))]);

        var decision = await _harness.DecideAsync(Image);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains("21 signatures", decision.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(_registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("manifests/1", "resolve")]
    [InlineData(".sig", "cosign_signature")]
    [InlineData("/blobs/", "cosign_signature")]
    public async Task DecideAsync_BodyThatNeverEnds_IsRefusedAtTheDeadline(string slowPath, string check)
    {
        AddSigned("slow");
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _registry.Trick = async context =>
        {
            if (!context.Request.Path.Value!.Contains(slowPath, StringComparison.Ordinal))
            {
                return false;
            }

            context.Response.ContentType = TestImages.ManifestType;
            await context.Response.Body.WriteAsync("{"u8.ToArray());
            await context.Response.Body.FlushAsync();
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        };

        var deciding = _harness.DecideAsync(Image);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.False(deciding.IsCompleted);
        _harness.Clock.Advance(TimeSpan.FromSeconds(20));
        var decision = await deciding.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.Equal(RefusalCodes.RegistryUnavailable, decision.Code);
        Assert.Equal(check, decision.Evidence[^1].Check);
        Assert.Contains("within 20 s", decision.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CVE-2020-15157")]
    [InlineData("CVE-2026-48978")]
    public async Task DecideAsync_ChallengeWithHostileRealm_NeverAsksTheRealm(string precedent)
    {
        await using var realm = await HostileRegistry.StartAsync();
        _registry.Trick = context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{realm.Host}/token\",service=\"{precedent}\"";
            return Task.FromResult(true);
        };

        var decision = await _harness.DecideAsync(Image);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains("which was not done", decision.Reason, StringComparison.Ordinal);
        Assert.Empty(realm.Requests);
    }

    [Theory]
    [InlineData(".sig", 500, RefusalCodes.RegistryUnavailable)]
    [InlineData(".sig", 401, RefusalCodes.RegistryUnavailable)]
    [InlineData(".sig", 418, RefusalCodes.RegistryProtocol)]
    [InlineData("/blobs/", 503, RefusalCodes.RegistryUnavailable)]
    [InlineData("/blobs/", 404, RefusalCodes.SignatureInvalid)]
    [InlineData("manifests/1", 429, RefusalCodes.RegistryUnavailable)]
    [InlineData("manifests/1", 302, RefusalCodes.RegistryProtocol)]
    public async Task DecideAsync_RegistryFails_FailsClosed(string where, int status, string code)
    {
        AddSigned("failing");
        _registry.Trick = context =>
        {
            var hit = context.Request.Path.Value!.Contains(where, StringComparison.Ordinal);
            context.Response.StatusCode = hit ? status : 200;
            return Task.FromResult(hit);
        };

        var decision = await _harness.DecideAsync(Image);

        Assert.False(decision.Admitted);
        Assert.Equal(code, decision.Code);
    }

    private TestImage AddSigned(string text)
    {
        var image = TestImages.Text(text);
        _registry.Add(Name, "1", image);
        AddSignatures(image, [_harness.Signer.Sign(image.Digest)]);
        return image;
    }

    private void AddSignatures(TestImage image, IReadOnlyList<TestSignature> signatures) =>
        _registry.Add(Name, CosignTestSigner.TagOf(image.Digest), CosignTestSigner.ManifestOf(signatures));
}
