using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Tests.Egress;
using Actors.Testing;

namespace Actors.RunnerApi.Tests.Isolation;

public sealed class IsolationFindingsTests
{
    private const string Good = """
        version=Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016
        sentry=1
        uid=65532
        caps=0
        nnp=1
        seccomp=2
        writable=
        token=
        tcp=internet 1.1.1.1 443 blocked
        tcp=cluster_api 127.0.0.1 6443 refused
        done=1
        """;

    private static readonly ForbiddenTarget[] Targets = [new("internet", "1.1.1.1", 443), new("cluster_api", "127.0.0.1", 6443)];

    [Fact]
    public void Judge_WhatIsolates_Passes() => Assert.All(IsolationFindings.Judge(ProbeReport.Parse(Good), isGvisor: true, Targets), c => Assert.True(c.Passed, c.ToString()));

    [Fact]
    public void Judge_NewerGvisor_Passes() =>
        Assert.All(IsolationFindings.Judge(ProbeReport.Parse(Good.Replace("4.4.0 #1", "4.19.0-gvisor #1", StringComparison.Ordinal)), isGvisor: true, Targets), c => Assert.True(c.Passed, c.ToString()));

    [Theory]
    [InlineData("PST 2016", "PST 2017", "runtime")]
    [InlineData("PST 2016", "PST 2016 and more", "runtime")]
    [InlineData("4.4.0 #1", "4.19.0 #1", "runtime")]
    [InlineData("sentry=1", "sentry=0", "runtime")]
    [InlineData("uid=65532", "uid=0", "identity")]
    [InlineData("caps=0", "caps=1", "identity")]
    [InlineData("nnp=1", "nnp=0", "identity")]
    [InlineData("writable=", "writable= /etc", "root_read_only")]
    [InlineData("writable=", "other=", "root_read_only")]
    [InlineData("token=", "token= /var/run/secrets/kubernetes.io", "token_absent")]
    [InlineData("443 blocked", "443 open", "egress_internet")]
    [InlineData("443 blocked", "443 refused", "egress_internet")]
    [InlineData("443 blocked", "443 unclear", "egress_internet")]
    [InlineData("tcp=internet 1.1.1.1 443 blocked", "x=y", "egress_internet")]
    [InlineData("6443 refused", "6443 open", "egress_cluster_api")]
    [InlineData("done=1", "", "probe")]
    public void Judge_OneThingOtherwise_FailsThatCheckAlone(string good, string bad, string check)
    {
        var checks = IsolationFindings.Judge(ProbeReport.Parse(Good.Replace(good, bad, StringComparison.Ordinal)), isGvisor: true, Targets);

        Assert.Equal(check, Assert.Single(checks, c => !c.Passed).Name);
    }

    [Fact]
    public void Judge_RuncWithoutSeccomp_FailsIdentity() =>
        Assert.Equal("identity", Assert.Single(IsolationFindings.Judge(ProbeReport.Parse(Good.Replace("seccomp=2", "seccomp=0", StringComparison.Ordinal)), isGvisor: false, Targets), c => !c.Passed).Name);

    [Fact]
    public void Judge_TargetThatTheProbeAddedItself_Counts() =>
        Assert.Equal("egress_dns", Assert.Single(IsolationFindings.Judge(ProbeReport.Parse("tcp=dns 10.0.0.10 53/udp open\n" + Good), isGvisor: true, Targets), c => !c.Passed).Name);

    [Fact]
    public void Judge_NeighbourThatOpenedOnlyAtFirst_Fails() =>
        Assert.Equal(
            "egress_sandbox",
            Assert.Single(
                IsolationFindings.Judge(ProbeReport.Parse("tcp=sandbox 10.0.0.9 8765 open\ntcp=sandbox 10.0.0.9 8765 blocked\n" + Good), isGvisor: true, [.. Targets, new("sandbox", "10.0.0.9", 8765)]),
                c => !c.Passed).Name);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Judge_Refusal_IsIsolationOnlyWhereSomethingListens(bool listens)
    {
        var checks = IsolationFindings.Judge(
            ProbeReport.Parse(Good.Replace("443 blocked", "443 refused", StringComparison.Ordinal)), isGvisor: true, Targets, listening: new HashSet<string>(StringComparer.Ordinal) { listens ? "1.1.1.1 443" : "1.1.1.1 80" });

        Assert.Equal(listens, checks.Single(c => c.Name == "egress_internet").Passed);
    }

    [Fact]
    public async Task Listens_WhatAcceptsAlone()
    {
        await using var server = new TargetServer();
        var port = server.Port;
        var time = new FakeTimeProvider();

        Assert.True(await IsolationProbe.ListensAsync(new ForbiddenTarget("node", "127.0.0.1", port), time, CancellationToken.None));
        await server.DisposeAsync();
        Assert.False(await IsolationProbe.ListensAsync(new ForbiddenTarget("node", "127.0.0.1", port), time, CancellationToken.None));
    }

    [Fact]
    public void Probe_KnocksAtTheNeighbourBeforeAllElse()
    {
        var script = ProbeScript.Probe([new("internet", "1.1.1.1", 443), new("sandbox", "10.0.0.9", 8765)], readsMore: true)[^1];

        Assert.InRange(script.IndexOf("do try sandbox 10.0.0.9 8765 1; done", StringComparison.Ordinal), 0, script.IndexOf("say version", StringComparison.Ordinal));
    }
}
