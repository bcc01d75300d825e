using Actors.RunnerApi.Contracts;
using Actors.Verification.Tests.Oci;
using Actors.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>A registry that lies. Each test that goes back to a published mistake names it.</summary>
public sealed class PolicyGateHostileTests : RegistryGate
{
    [Fact]
    public async Task DecideAsync_TagMovesAfterTheFirstAnswer_LaunchesTheVerifiedDigest()
    {
        var good = AddSigned("good");
        var evil = TestImages.Text("evil");
        var answers = 0;
        Registry.Trick = context =>
        {
            if (context.Request.Path == $"/v2/{Name}/manifests/1" && Interlocked.Increment(ref answers) == 1)
            {
                Registry.Add(Name, "2", evil);
                Registry.Serve($"/v2/{Name}/manifests/1", good.Manifest, good.MediaType);
            }
            else if (context.Request.Path == $"/v2/{Name}/manifests/1")
            {
                Registry.Serve($"/v2/{Name}/manifests/1", evil.Manifest, evil.MediaType);
            }

            return Task.FromResult(false);
        };

        var first = await Harness.DecideAsync(Tagged);
        var askedByTag = Registry.Seen("/manifests/1").Count;
        var second = await Harness.DecideAsync(Tagged);

        Assert.True(first.Admitted, first.Reason);
        Assert.Equal($"{Registry.Host}/{Name}@{good.Digest}", first.Reference);
        Assert.Equal(1, askedByTag);
        Assert.Equal(RefusalCodes.Unsigned, second.Code);
        Assert.Equal(evil.Digest, second.Digest);
    }

    [Fact]
    public async Task DecideAsync_CVE_2022_47633_OtherBytesForAPinnedDigest_IsRefused()
    {
        var good = AddSigned("pinned");
        var evil = TestImages.Text("swapped");
        Registry.Serve($"/v2/{Name}/manifests/{good.Digest}", evil.Manifest, evil.MediaType);

        var decision = await Harness.DecideAsync($"{Registry.Host}/{Name}@{good.Digest}");

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains(evil.Digest, decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_CVE_2023_47630_DigestHeaderOfAnotherImage_IsRefused()
    {
        var good = AddSigned("claimed");
        var evil = TestImages.Text("delivered");
        Registry.Trick = async context =>
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

        var decision = await Harness.DecideAsync(Tagged);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Null(decision.Reference);
    }

    [Fact]
    public async Task DecideAsync_EndlessManifest_IsRefusedWithinTheCap()
    {
        using var endless = EndlessServer.Start(TestImages.ManifestType);
        await using var harness = new GateHarness(endless.Host);

        var decision = await harness.DecideAsync($"{endless.Host}/{Name}:1");

        Assert.True(decision.Code == RefusalCodes.RegistryProtocol, $"{decision.Code} {decision.Reason}");

        // The cap and what fits into both sockets' buffers.
        Assert.InRange(await endless.Sent.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System), 4 << 20, 24 << 20);
    }

    [Fact]
    public async Task DecideAsync_CVE_2023_33958_DeclaredLengthOverTheCap_IsRefusedUnread()
    {
        Registry.Trick = async context =>
        {
            context.Response.ContentType = TestImages.ManifestType;
            context.Response.ContentLength = 5 * 1024 * 1024;
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
            return true;
        };

        var decision = await Harness.DecideAsync(Tagged);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains("4194304", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_CVE_2023_46737_MoreSignaturesThanTheCap_IsRefused()
    {
        var image = TestImages.Text("many");
        Registry.Add(Name, "1", image);
        AddSignatures(image, [.. Enumerable.Range(0, 21).Select(_ => Harness.Signer.Sign(image.Digest))]);

        var decision = await Harness.DecideAsync(Tagged);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains("21 signatures", decision.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Registry.Requests, r => r.Path.Contains("/blobs/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("manifests/1", "resolve")]
    [InlineData(".sig", "signature")]
    [InlineData("/blobs/", "signature")]
    public async Task DecideAsync_BodyThatNeverEnds_IsRefusedAtTheDeadline(string slowPath, string check)
    {
        AddSigned("slow");
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Registry.Trick = async context =>
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

        var deciding = Harness.DecideAsync(Tagged);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.False(deciding.IsCompleted);
        Harness.Clock.Advance(TimeSpan.FromSeconds(20));
        var decision = await deciding.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.Equal(RefusalCodes.RegistryUnavailable, decision.Code);
        Assert.Equal(check, decision.Evidence[^1].Check);
        Assert.Contains("within 20 s", decision.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DecideAsync_ChallengeWithHostileRealm_NeverAsksTheRealm()
    {
        await using var realm = await HostileRegistry.StartAsync();
        Registry.Trick = context =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"http://{realm.Host}/token\",service=\"x\"";
            return Task.FromResult(true);
        };

        var decision = await Harness.DecideAsync(Tagged);

        Assert.Equal(RefusalCodes.RegistryProtocol, decision.Code);
        Assert.Contains("which was not done", decision.Reason, StringComparison.Ordinal);
        Assert.Empty(realm.Requests);
    }

    [Theory]
    [InlineData(".sig", 500, RefusalCodes.RegistryUnavailable)]
    [InlineData(".sig", 401, RefusalCodes.RegistryUnauthorized)]
    [InlineData(".sig", 418, RefusalCodes.RegistryProtocol)]
    [InlineData("/blobs/", 503, RefusalCodes.RegistryUnavailable)]
    [InlineData("/blobs/", 404, RefusalCodes.SignatureInvalid)]
    [InlineData("manifests/1", 429, RefusalCodes.RegistryUnavailable)]
    [InlineData("manifests/1", 302, RefusalCodes.RegistryProtocol)]
    public async Task DecideAsync_RegistryFails_FailsClosed(string where, int status, string code)
    {
        AddSigned("failing");
        Registry.Trick = context =>
        {
            var hit = context.Request.Path.Value!.Contains(where, StringComparison.Ordinal);
            context.Response.StatusCode = hit ? status : 200;
            return Task.FromResult(hit);
        };

        var decision = await Harness.DecideAsync(Tagged);

        Assert.False(decision.Admitted);
        Assert.Equal(code, decision.Code);
    }
}
