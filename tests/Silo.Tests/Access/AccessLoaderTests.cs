using System.Text.Json;
using Actors.Access.Rules;
using Actors.Grains.Schemas;
using Actors.Silo.Tests.Support;

namespace Actors.Silo.Tests.Access;

/// <summary><c>access.yaml</c>: what it takes, and every fault with its line.</summary>
public sealed class AccessLoaderTests : IDisposable
{
    private const string Good =
        """
        version: 1
        grants:
          - subjects: "*"
            workflows: ["read-*", audit]
            verbs: run
          - { groups: [ops], scopes: "actors.admin", workflows: "*", verbs: [operate] }
        limits:
          - { groups: batch, unfinished_runs: 1000 }
          - { subjects: "*", unfinished_runs: 5, requests_per_minute: 60 }
        """;

    private readonly TestFolder _folder = new();

    [Fact]
    public void Load_GoodFile_GrantsAndLimits()
    {
        var rules = Load(Good).Value!;
        var ann = rules.Of(new Caller("ann", Set(), Set()));
        var batch = rules.Of(new Caller("b", Set("batch"), Set()));

        Assert.True(ann.MayRun("read-x"));
        Assert.True(ann.MayRead("audit", own: true));
        Assert.False(ann.MayRead("audit", own: false));
        Assert.False(ann.MayRun("reads"));
        Assert.Equal((5, 60), (ann.UnfinishedRuns!.Value, ann.RequestsPerMinute!.Value));
        Assert.Equal((1000, 60), (batch.UnfinishedRuns!.Value, batch.RequestsPerMinute!.Value));
        Assert.Equal(64, rules.Revision.Length);
    }

    [Theory]
    [InlineData("ops", "actors.admin", true)]
    [InlineData("ops", "other", false)]
    [InlineData("dev", "actors.admin", false)]
    public void Of_GrantWithGroupsAndScopes_NeedsBoth(string group, string scope, bool operates) =>
        Assert.Equal(operates, Load(Good).Value!.Of(new Caller("x", Set(group), Set(scope))).May(Verb.Operate, "any", own: false));

    [Theory]
    [InlineData("version: 2\ngrants: [{subjects: a, workflows: b, verbs: run}]", "1: 'version'")]
    [InlineData("version: 1", "lacks 'grants'")]
    [InlineData("version: 1\ngrants: []", "2: 'grants' is no list")]
    [InlineData("version: 1\ngrants:\n  - { workflows: b, verbs: run }", "3: A grant names nobody")]
    [InlineData("version: 1\ngrants:\n  - { subjects: a, verbs: run }", "3: A grant lacks 'workflows'")]
    [InlineData("version: 1\ngrants:\n  - { subjects: a, workflows: 'a*b', verbs: run }", "'workflows' has 'a*b'")]
    [InlineData("version: 1\ngrants:\n  - { subjects: a, workflows: b, verbs: [run, write] }", "'verbs' has 'write'")]
    [InlineData("version: 1\ngrants:\n  - { subjects: a, workflows: b, verbs: run, user: x }", "unknown key 'user'")]
    [InlineData("version: 1\ngrants:\n  - { subjects: a, subjects: b, workflows: b, verbs: run }", "'subjects' twice")]
    [InlineData("version: 1\ngrants: [{subjects: a, workflows: b, verbs: run}]\nlimits: [{subjects: a}]", "limits nothing")]
    [InlineData("version: 1\ngrants: [{subjects: a, workflows: b, verbs: run}]\nlimits: [{subjects: a, unfinished_runs: 0}]", "no whole number")]
    [InlineData("version: 1\ngrants: &a [*a]", "anchor")]
    [InlineData("{", "not YAML")]
    [InlineData("[1]", "is no mapping")]
    public void Load_Fault_IsNamedWithItsLine(string text, string fault)
    {
        var loaded = Load(text);

        Assert.Null(loaded.Value);
        Assert.Contains(loaded.Faults, f => f.Contains(fault, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{"version":1,"grants":[{"subjects":"*","workflows":["a-*"],"verbs":"run"}]}""", true)]
    [InlineData("""{"version":1,"grants":[{"workflows":["a-*"],"verbs":"run"}]}""", false)]
    [InlineData("""{"version":1,"grants":[{"subjects":"*","workflows":"a*b","verbs":"run"}]}""", false)]
    [InlineData("""{"version":1,"grants":[{"subjects":"*","workflows":"a","verbs":"write"}]}""", false)]
    [InlineData("""{"version":1,"grants":[{"subjects":"*","workflows":"a","verbs":"run"}],"limits":[{"groups":"b","unfinished_runs":1}]}""", true)]
    [InlineData("""{"version":1,"grants":[{"subjects":"*","workflows":"a","verbs":"run"}],"limits":[{"groups":"b"}]}""", false)]
    public void Schema_AndLoader_Agree(string text, bool good)
    {
        var schema = JsonSchema.Compile(JsonElement.Parse(AccessSchema.Text));

        Assert.Equal(good, schema.Validate(JsonElement.Parse(text)).Count == 0);
        Assert.Equal(good, Load(text).Value is not null);
    }

    public void Dispose() => _folder.Dispose();

    private static HashSet<string> Set(params string[] values) => new(values, StringComparer.Ordinal);

    private Loaded<AccessRules> Load(string text) => AccessLoader.Load(_folder.Write("access.yaml", text));
}
