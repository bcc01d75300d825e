using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Egress;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Actors.Verification.Policy;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Actors.RunnerApi.Tests.Isolation;

/// <summary>What a launch rests on while probes pass, fail and cannot run.</summary>
public sealed class IsolationProofsTests
{
    private const string Image = "Isolation:ProbeImage=registry.test/probe@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

    private const string Closed = """
        version=Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016
        sentry=1
        uid=65532
        caps=0
        nnp=1
        seccomp=0
        writable=
        token=
        tcp=internet 1.1.1.1 443 blocked
        tcp=internet 8.8.8.8 53 blocked
        tcp=internet 2606:4700:4700::1111 443 blocked
        tcp=metadata 169.254.169.254 80 blocked
        tcp=dns 1.1.1.1 53 blocked
        done=1
        """;

    private static readonly string s_open = Closed.Replace("443 blocked", "443 open", StringComparison.Ordinal);

    private readonly FakeNetwork _network = new();

    [Fact]
    public async Task Launch_RenewalCannotRun_RestsOnTheProofUntilThatIsTooOld()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, Closed);
        var proof = await LaunchedAsync(runner, "first");
        await SeeAsync(runner, SandboxFault.Unschedulable);
        runner.Time.Advance(TimeSpan.FromMinutes(31));
        await SeeAsync(runner, SandboxFault.Unschedulable);

        Assert.Equal(proof, await LaunchedAsync(runner, "second"));
        var shown = Assert.Single((await runner.GetAsync<IsolationReport>("/isolation")).Proofs);
        Assert.Equal((true, proof), (shown.Proven, shown.Id));
        Assert.Contains("No node is free.", shown.NotRenewed, StringComparison.Ordinal);

        runner.Time.Advance(TimeSpan.FromMinutes(30));
        await WaitsAsync(runner, "third");
    }

    [Fact]
    public async Task Launch_ProbeCannotRun_IsToWaitUntilOneRan()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, SandboxFault.StartFailed);
        await WaitsAsync(runner, "box");

        await SeeAsync(runner, Closed);

        Assert.StartsWith("iso-", await LaunchedAsync(runner, "box"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("done=1", "")]
    [InlineData("dns 1.1.1.1 53 blocked\ndone=1", "dns 1.1.1.1 53 bl")]
    public async Task Launch_ProbeEndedHalfWay_IsToWait(string good, string cut)
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, Closed.Replace(good, cut, StringComparison.Ordinal));

        await WaitsAsync(runner, "box");
    }

    [Fact]
    public async Task Launch_ProbeEndedHalfWayAfterItGotOut_IsRefused()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, s_open.Replace("done=1", "", StringComparison.Ordinal));

        await RefusedAsync(runner, "box");
    }

    [Fact]
    public async Task Launch_FoundOpenAndTheNextProbeCannotRun_IsStillRefused()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, s_open);
        await RefusedAsync(runner, "box");
        await SeeAsync(runner, SandboxFault.EngineUnavailable);

        await RefusedAsync(runner, "box");
    }

    [Fact]
    public async Task Launch_RuntimeMissing_IsRefused()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, SandboxFault.RuntimeUnavailable);

        await RefusedAsync(runner, "box");
    }

    [Fact]
    public async Task Launch_WhatClosesTheNetworkChanged_IsProvenAnewFirst()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, Closed);
        await LaunchedAsync(runner, "first");

        runner.Driver.Probe = () => ["printf", "%s", s_open];
        _network.Closing = "";
        await RefusedAsync(runner, "second");

        runner.Driver.Probe = () => ["printf", "%s", Closed];
        _network.Closing = "default-deny 2";
        await LaunchedAsync(runner, "second");
    }

    [Fact]
    public async Task Report_KindOfNoProfileAnyMore_IsForgotten()
    {
        await using var runner = await StartAsync();
        await SeeAsync(runner, s_open);
        runner.Gate.Egress = [new EgressRule { Cidr = "203.0.113.0/24", Port = 443, Tls = false }];
        await SeeAsync(runner, Closed.Replace("done=1", "tcp=beside_cidr 203.0.113.0 444 blocked\ndone=1", StringComparison.Ordinal));

        Assert.True(Assert.Single((await runner.GetAsync<IsolationReport>("/isolation")).Proofs).Proven);
    }

    [Fact]
    public async Task Sweep_ProbeUnderWay_IsNoStranger()
    {
        await using var runner = await StartAsync();
        runner.Gate.Egress = [new EgressRule { Cidr = "203.0.113.0/24", Port = 443, Tls = false }];
        runner.Driver.Probe = () => ["cat"];
        using var stop = new CancellationTokenSource();
        var proving = runner.Service<IsolationProofs>().ProveAllAsync(anew: true, stop.Token);
        SandboxStatus? probe = null;
        await Poll.UntilAsync(async () => (probe = (await runner.Driver.ListAsync(default)).SingleOrDefault()) is { State: SandboxState.Running });
        runner.Driver.Find(probe!.Id)!.CreatedAt -= TimeSpan.FromSeconds(61);

        await runner.Registry.SweepAsync(default);

        Assert.NotNull(runner.Driver.Find(probe.Id));
        Assert.Equal([probe.Id], _network.Open.Keys);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => proving);
        Assert.False(runner.Service<IsolationProofs>().Owns(probe.Id));
    }

    private async Task<RunnerHarness> StartAsync()
    {
        var runner = await RunnerHarness.StartAsync(services => services.AddSingleton<IEgressNetwork>(_network), Image);

        // The first probe of the host itself, which cannot run, is over.
        await Poll.UntilAsync(() => runner.Service<IsolationProofs>().Known.Count == 1);
        return runner;
    }

    private static Task SeeAsync(RunnerHarness runner, string printed) => SeeAsync(runner, () => ["printf", "%s", printed]);

    private static Task SeeAsync(RunnerHarness runner, SandboxFault fault) => SeeAsync(runner, () => throw new SandboxException(fault, "No node is free."));

    private static Task SeeAsync(RunnerHarness runner, Func<string[]> probe)
    {
        runner.Driver.Probe = probe;
        return runner.Service<IsolationProofs>().ProveAllAsync(anew: true, CancellationToken.None);
    }

    private static async Task<string?> LaunchedAsync(RunnerHarness runner, string id)
    {
        await runner.LaunchAsync(id, Scripts.Echo);
        return (await runner.ViewAsync(id)).IsolationProof;
    }

    private static async Task WaitsAsync(RunnerHarness runner, string id)
    {
        using var response = await runner.LaunchAsync(runner.Request(id, Scripts.Echo));
        await RunnerHarness.ProblemAsync(response, HttpStatusCode.ServiceUnavailable, ProblemCodes.NotReady);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    private static async Task RefusedAsync(RunnerHarness runner, string id)
    {
        using var response = await runner.LaunchAsync(runner.Request(id, Scripts.Echo));
        var problem = await RunnerHarness.ProblemAsync(response, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        Assert.Equal(RefusalCodes.IsolationUnproven, problem.GetProperty("decision").GetProperty("code").GetString());
    }
}
