using Actors.Testing;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class PolicyEgressTests : IDisposable
{
    private readonly CosignTestSigner _signer = new();
    private readonly PolicyFolder _folder = new();

    public PolicyEgressTests() => _folder.Write("keys/demo.pub", _signer.PublicKeyPem);

    public void Dispose()
    {
        _folder.Dispose();
        _signer.Dispose();
    }

    [Fact]
    public void Load_Egress_HasItsRules()
    {
        var policy = Write("egress: { allow: [ { host: api.example.com, port: 443 }, { host: \"*.example.com\", port: 8080, tls: false, allow_private: true }, { cidr: 203.0.113.0/24, port: 5432 } ] }").Load();

        Assert.Equal(
            [
                new EgressRule { Host = "api.example.com", Port = 443 },
                new EgressRule { Host = "*.example.com", Port = 8080, Tls = false, AllowPrivate = true },
                new EgressRule { Cidr = "203.0.113.0/24", Port = 5432, Tls = false },
            ],
            policy.Profiles["default"].Egress);
        Assert.True(SchemaSamples.Accepts(Text()));
    }

    [Fact]
    public void Load_NoEgress_AllowsNothing() => Assert.Empty(Write("runtime: auto").Load().Profiles["default"].Egress);

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("127.0.0.1/32")]
    [InlineData("192.168.0.0/16")]
    [InlineData("fd00:1::/64")]
    public void Load_PrivateNetwork_IsAFaultUnlessItIsMeant(string cidr)
    {
        var fault = Assert.Single(Write($"egress: {{ allow: [ {{ cidr: \"{cidr}\", port: 443 }} ] }}").Faults());
        var meant = Write($"egress: {{ allow: [ {{ cidr: \"{cidr}\", port: 443, allow_private: true }} ] }}").Load();

        Assert.Contains("allow_private: true", fault.Fix, StringComparison.Ordinal);
        Assert.True(Assert.Single(meant.Profiles["default"].Egress).AllowPrivate);
    }

    [Theory]
    [InlineData("169.254.169.254/32")]
    [InlineData("169.254.0.0/16")]
    [InlineData("fe80::/64")]
    [InlineData("fd00:ec2::254/128")]
    [InlineData("100.100.100.200/32")]
    [InlineData("224.0.0.0/8")]
    public void Load_LinkLocalOrMetadataNetwork_IsAFaultEvenWhenPrivateIsMeant(string cidr) =>
        Assert.Contains("never reached", Assert.Single(Write($"egress: {{ allow: [ {{ cidr: \"{cidr}\", port: 80, allow_private: true }} ] }}").Faults()).Fix, StringComparison.Ordinal);

    [Theory]
    [InlineData("{ host: API.example.com, port: 443 }")]
    [InlineData("{ host: \"*.com\", port: 443 }")]
    [InlineData("{ host: \"*\", port: 443 }")]
    [InlineData("{ host: \"10.0.0.1\", port: 443 }")]
    [InlineData("{ host: \"2130706433\", port: 443 }")]
    [InlineData("{ host: \"https://api.example.com\", port: 443 }")]
    [InlineData("{ host: api.example.com., port: 443 }")]
    [InlineData("{ host: api.example.com }")]
    [InlineData("{ host: api.example.com, port: 0 }")]
    [InlineData("{ host: api.example.com, port: 65536 }")]
    [InlineData("{ port: 443 }")]
    [InlineData("{ host: api.example.com, cidr: 203.0.113.0/24, port: 443 }")]
    [InlineData("{ host: api.example.com, port: 443, proto: udp }")]
    [InlineData("{ cidr: 203.0.113.7/24, port: 443 }")]
    [InlineData("{ cidr: 203.0.113.7, port: 443 }")]
    [InlineData("{ cidr: 0.0.0.0/0, port: 443 }")]
    [InlineData("{ cidr: 16.0.0.0/7, port: 443 }")]
    [InlineData("{ cidr: 203.0.113/24, port: 443 }")]
    [InlineData("{ cidr: 0313.0.113.0/24, port: 443 }")]
    [InlineData("{ cidr: \"::ffff:203.0.113.0/120\", port: 443 }")]
    [InlineData("{ cidr: 203.0.113.0/24, port: 443, tls: true }")]
    public void Load_RuleThatMeansNothingOrTooMuch_IsAFault(string rule) => Assert.NotEmpty(Write($"egress: {{ allow: [ {rule} ] }}").Faults());

    [Theory]
    [InlineData("egress: { allow: [] }")]
    [InlineData("egress: {}")]
    [InlineData("egress: none")]
    [InlineData("egress: { allow: [ { host: a.example, port: 443 }, { host: a.example, port: 443, tls: false } ] }")]
    public void Load_ListOfNothingOrOfTheSameTwice_IsAFault(string egress) => Assert.NotEmpty(Write(egress).Faults());

    [Fact]
    public void Load_NetworkNoneBesideEgress_IsAFaultOfLoaderAndSchema()
    {
        var faults = Write("network: none\n    egress: { allow: [ { host: a.example, port: 443 } ] }").Faults();

        Assert.Contains("both", Assert.Single(faults).Problem, StringComparison.Ordinal);
        Assert.False(SchemaSamples.Accepts(Text()));
    }

    [Fact]
    public void Load_MoreRulesThanTheBound_IsAFault() =>
        Assert.NotEmpty(Write($"egress: {{ allow: [ {string.Join(", ", Enumerable.Range(1, 65).Select(i => $"{{ host: a.example, port: {i} }}"))} ] }}").Faults());

    private PolicyFolder Write(string line) => _folder.Write("policy.yaml", $$"""
        version: 1
        registries:
          - match: "ghcr.io/**"
            require: { any: [ { key: keys/demo.pub } ] }
        profiles:
          default:
            {{line}}
            defaults: { cpu: 500m, memory: 256Mi, pids: 256, lifetime: 10m }
            caps: { cpu: "2", memory: 1Gi, pids: 512, lifetime: 1h }
        """);

    private string Text() => File.ReadAllText(_folder.PolicyPath);
}
