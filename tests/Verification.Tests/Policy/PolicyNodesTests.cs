using Actors.Verification.Policy;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class PolicyNodesTests : IDisposable
{
    private readonly PolicyFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_Nodes_HasWhereAndHowSandboxesAreSpread()
    {
        var nodes = Write("selector: { pool: sandboxes }, tolerations: [ { key: sandboxes, effect: NoSchedule } ], spread: [ { key: topology.kubernetes.io/zone, max_skew: 2, required: true }, { key: rack } ]")
            .Load().Profiles["default"].Nodes!;

        Assert.Equal("sandboxes", nodes.Selector["pool"]);
        Assert.Equal([new NodeToleration("sandboxes", "", "NoSchedule")], nodes.Tolerations);
        Assert.Equal([new NodeSpread("topology.kubernetes.io/zone", 2, Required: true), new NodeSpread("rack", 1, Required: false)], nodes.Spread);
        Assert.True(SchemaSamples.Accepts(Text()));
    }

    [Theory]
    [InlineData("spread: [ { key: zone, max_skew: 0 } ]", "'max_skew' is no whole number")]
    [InlineData("spread: [ { key: zone, required: often } ]", "'required' is neither true nor false")]
    [InlineData("spread: [ { key: zone, label_selector: x } ]", "label_selector")]
    [InlineData("spread: [ { max_skew: 1 } ]", "lacks 'key'")]
    [InlineData("spread: [ { key: \"a b\" } ]", "is no label or taint")]
    [InlineData("spread: []", "is no list")]
    [InlineData("tolerations: [ { key: zone, effect: Never } ]", "'effect' is 'Never'")]
    public void Load_NodesWithOneMistake_IsAFault(string nodes, string problem) =>
        Assert.Contains(problem, Assert.Single(Write(nodes).Faults()).Problem, StringComparison.Ordinal);

    private PolicyFolder Write(string nodes)
    {
        _folder.WriteRules("  - match: \"ghcr.io/**\"\n    deny: true");
        return _folder.Write("policy.yaml", Text().Replace("runtime: auto", $"runtime: auto\n    nodes: {{ {nodes} }}", StringComparison.Ordinal));
    }

    private string Text() => File.ReadAllText(_folder.PolicyPath);
}
