using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.Verification.Tests.Policy;

/// <summary>Each small rule of the language and of what is kept, broken alone.</summary>
public sealed class PolicyShapeTests : IDisposable
{
    private readonly PolicyFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> NoYaml => new()
    {
        { "a: 1\n---\nb: 2\n", "a second document" },
        { "a: [1\n", "not YAML" },
        { "a: \"1\n", "not YAML" },
        { "a: &x 1\n", "an anchor or a tag" },
        { "a: !t 1\n", "an anchor or a tag" },
        { "a: *x\n", "an alias" },
        { "? [a]\n: 1\n", "not a plain word" },
        { "a: " + new string('[', 20) + new string(']', 20) + "\n", "deep nesting" },
        { "", "not YAML" },
    };

    [Theory]
    [MemberData(nameof(NoYaml))]
    public void Parse_MoreThanPlainYaml_IsRefused(string text, string problem)
    {
        var thrown = Assert.Throws<PolicySyntaxException>(() => PolicyYaml.Parse(text));

        Assert.True(thrown.Line > 0);
        Assert.Contains(problem, thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("identity_regex: \"https://a/.*\"", null)]
    [InlineData("identity_regex: \"a?\"", "matches any text")]
    [InlineData("identity_regex: \"[^a]\"", "matches any text")]
    [InlineData("identity_regex: \"..+\"", "matches any text")]
    [InlineData("identity: [ a ]", "'identity' is no text")]
    [InlineData("identity: \"\"", "'identity' is no text")]
    public void Load_Identity_HasToDemandSomething(string identity, string? problem)
    {
        _folder.WriteRules($"  - match: \"ghcr.io/**\"\n    require: {{ any: [ {{ keyless: {{ {identity}, issuer: \"https://i\" }} }} ] }}");
        if (problem is null)
        {
            _folder.Load();
        }
        else
        {
            Assert.Contains(_folder.Faults(), f => f.Problem.Contains(problem, StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("runtime: auto", "runtime: docker", "'runtime' is 'docker'")]
    [InlineData("defaults: { cpu: 500m,", "defaults: {", "lacks 'cpu'")]
    [InlineData("caps:     { cpu: \"2\",", "caps: {", "lacks 'cpu'")]
    [InlineData("default:", "Default:", "cannot be used")]
    [InlineData("default:", "a123456789012345678901234567890123456789012345678901234567890123:", "cannot be used")]
    public void Load_ProfileWithOneMistake_IsAFault(string what, string by, string problem)
    {
        _folder.Write("policy.yaml", $"version: 1\nregistries:\n  - match: \"ghcr.io/**\"\n    deny: true\n{PolicyFolder.Profiles.Replace(what, by, StringComparison.Ordinal)}\n");

        Assert.Contains(_folder.Faults(), f => f.Problem.Contains(problem, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("host: \"HTTP://x\"", "is no host")]
    [InlineData("host: m.test, prefix: [ a ]", "'prefix' is no text")]
    [InlineData("host: m.test, prefix: a//b", "no path of a repository")]
    public void Load_MirrorWithOneMistake_IsAFault(string mirror, string problem)
    {
        _folder.WriteRules("  - match: \"ghcr.io/**\"\n    deny: true", $"hosts: {{ ghcr.io: {{ mirrors: [ {{ {mirror} }} ] }} }}");

        Assert.Contains(_folder.Faults(), f => f.Problem.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void IsPath_TooLong_IsFalse()
    {
        Assert.True(RegistryPattern.IsPath(new string('a', 255)));
        Assert.False(RegistryPattern.IsPath(new string('a', 256)));
        Assert.False(RegistryPattern.IsPath("a//b"));
        Assert.False(RegistryPattern.IsPath("a/B"));
    }

    [Fact]
    public void Source_PolicyWithFaults_IsNotStarted()
    {
        _folder.Write("policy.yaml", "version: 1\n");

        Assert.Throws<PolicyException>(() => new PolicySource(new PolicyOptions { PolicyFile = _folder.PolicyPath }, new FakeTimeProvider(), NullLogger.Instance));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void Status_SnapshotOfTheTrustRoot_IsAnAlarmOnceItIsOld(int seconds, bool alarm)
    {
        _folder.WriteRules("  - match: \"ghcr.io/**\"\n    require: { any: [ { keyless: { identity: \"https://a\", issuer: \"https://i\" } } ] }");
        var clock = new FakeTimeProvider(TrustedRoot.PublicGood.SnapshotAt!.Value + TrustedRoot.OldestSnapshot + TimeSpan.FromSeconds(seconds));
        using var source = new PolicySource(new PolicyOptions { PolicyFile = _folder.PolicyPath }, clock, NullLogger.Instance);

        Assert.Equal(alarm ? ["trust_root_old"] : [], source.Status.Alarms.Select(a => a.Code));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(59, true)]
    [InlineData(60, false)]
    [InlineData(-1, false)]
    public void Find_EntryTooOldOrOfALaterTime_IsNone(int age, bool found)
    {
        var clock = new FakeTimeProvider();
        var cache = new VerifiedImageCache(new PolicyOptions { PolicyFile = "p" }, clock);
        var key = new CheckKey("r", "s", "p", "v", "t", "u", new OciPlatform("linux", "amd64"));
        cache.Add(key, new VerifiedImage(OciDigest.Of("x"u8), "t", [], clock.GetUtcNow() - TimeSpan.FromSeconds(age)));

        Assert.Equal(found, cache.Find(key) is not null);
    }
}
