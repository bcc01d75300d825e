using System.Net;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Isolation;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.RunnerApi.Tests.Egress;

public sealed class EgressExpectationTests
{
    private const string Good = """
        version=Linux version 6.1
        uid=65532
        caps=0
        nnp=1
        seccomp=2
        writable=
        token=
        tcp=internet 1.1.1.1 443 blocked
        tcp=proxy 10.0.0.5 7432 open
        tcp=beside_proxy 10.0.0.5 7433 blocked
        done=1
        """;

    private static readonly ForbiddenTarget s_internet = new("internet", "1.1.1.1", 443);
    private static readonly EgressRule[] s_rules = [new() { Host = "api.example.com", Port = 443 }, new() { Cidr = "1.1.1.0/24", Port = 443, Tls = false }];

    [Fact]
    public void Of_RulesAndProxy_ProxyIsOpenAndThePortBesideItIsNot()
    {
        var expected = EgressExpectation.Of(s_rules, IPEndPoint.Parse("10.0.0.5:7432"));

        Assert.Equal([new ForbiddenTarget("proxy", "10.0.0.5", 7432)], expected.Open);
        Assert.Equal([new ForbiddenTarget("beside_cidr", "1.1.1.0", 444), new ForbiddenTarget("beside_proxy", "10.0.0.5", 7433)], expected.Closed);
        Assert.Empty(expected.Allowed);
        Assert.True(expected.IsOpen(s_internet));
        Assert.False(expected.IsOpen(s_internet with { Port = 80 }));
        Assert.False(expected.IsOpen(new ForbiddenTarget("metadata", "169.254.169.254", 80)));
    }

    [Fact]
    public void Of_NoRules_OpensNothing() => Assert.False(EgressExpectation.Of([], null).IsOpen(s_internet));

    [Fact]
    public void Of_SingleAddress_IsToBeReachedAndItsNextClosedPortNot()
    {
        EgressRule[] rules = [new() { Cidr = "1.1.1.1/32", Port = 443, Tls = false }, new() { Cidr = "1.1.1.1/32", Port = 444, Tls = false }];

        var expected = EgressExpectation.Of(rules, null);

        Assert.Equal([new ForbiddenTarget("cidr", "1.1.1.1", 443), new ForbiddenTarget("cidr", "1.1.1.1", 444)], expected.Allowed);
        Assert.Equal([new ForbiddenTarget("beside_cidr", "1.1.1.1", 445)], expected.Closed);
    }

    [Theory]
    [InlineData("444 blocked", "443 open", false, "")]
    [InlineData("444 blocked", "443 blocked", false, "")]
    [InlineData("444 blocked", "443 blocked", true, "egress_cidr")]
    [InlineData("444 blocked", "443 refused", true, "egress_cidr")]
    [InlineData("444 blocked", "80 open", false, "egress_cidr")]
    [InlineData("444 open", "443 open", true, "egress_beside_cidr")]
    public void Judge_SingleAddress_MustBeOpenIfItAnswersTheRunnerAndNoWider(string beside, string allowed, bool listens, string failed)
    {
        var expected = EgressExpectation.Of([new() { Cidr = "1.1.1.1/32", Port = 443, Tls = false }], null);
        var printed = $"tcp=cidr 1.1.1.1 {allowed}\ntcp=beside_cidr 1.1.1.1 {beside}\nversion=x\nuid=65532\ncaps=0\nnnp=1\nseccomp=2\nwritable=\ntoken=\ndone=1\n";

        var checks = IsolationFindings.Judge(ProbeReport.Parse(printed), isGvisor: false, expected.Closed, expected, listens ? new HashSet<string>(StringComparer.Ordinal) { "1.1.1.1 443" } : null);

        Assert.Equal(failed, string.Join(",", checks.Where(c => !c.Passed).Select(c => c.Name)));
    }

    [Theory]
    [InlineData("7432 open", "7432 open", "")]
    [InlineData("7432 open", "7432 blocked", "egress_proxy")]
    [InlineData("7432 open", "7432 refused", "egress_proxy")]
    [InlineData("tcp=proxy 10.0.0.5 7432 open", "x=y", "egress_proxy")]
    [InlineData("7433 blocked", "7433 refused", "egress_beside_proxy")]
    [InlineData("7433 blocked", "7433 open", "egress_beside_proxy")]
    [InlineData("443 blocked", "443 open", "egress_internet")]
    public void Judge_OpenedNetwork_MustBeAsWideAsTheProfileAndNoWider(string good, string bad, string failed)
    {
        var expected = EgressExpectation.Of(s_rules[..1], IPEndPoint.Parse("10.0.0.5:7432"));

        var checks = IsolationFindings.Judge(ProbeReport.Parse(Good.Replace(good, bad, StringComparison.Ordinal)), isGvisor: false, [s_internet, .. expected.Closed], expected);

        Assert.Equal(failed, string.Join(",", checks.Where(c => !c.Passed).Select(c => c.Name)));
    }
}
