using System.Text.RegularExpressions;

namespace Actors.Helm.Tests;

/// <summary>What docs/security.md names as proof must be there.</summary>
public sealed partial class DocumentTests
{
    private static readonly string s_security = File.ReadAllText(Path.Combine(Chart.Repository, "docs", "security.md"));

    [Fact]
    public void Security_EveryTestThatItNames_Exists()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Chart.Repository, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(File.ReadAllText).ToList();
        var named = TestName().Matches(s_security);
        Assert.True(named.Count > 30, "The expression finds no tests.");
        var missing = named.Where(m => !sources.Exists(s => DeclaresClass(s, m.Groups[1].Value) && s.Contains($" {m.Groups[2].Value}(", StringComparison.Ordinal)));
        Assert.Empty(missing.Select(m => m.Value));
    }

    [Fact]
    public void Security_EveryThreat_NamesWhatShowsIt()
    {
        var rows = s_security.Split('\n').SkipWhile(l => !l.StartsWith("## 1", StringComparison.Ordinal)).Where(l => l.StartsWith("| ", StringComparison.Ordinal) && !l.StartsWith("| threat |", StringComparison.Ordinal)).ToList();
        Assert.True(rows.Count > 30, "The rows are not found.");

        Assert.All(rows.Select(r => r.Split(" | ")[^1]), shown => Assert.True(TestName().IsMatch(shown) || EndToEnd().IsMatch(shown), shown));
    }

    [Fact]
    public void Security_EveryCheckOfTheEndToEndTest_Exists()
    {
        var script = File.ReadAllText(Path.Combine(Chart.Repository, "eng", "e2e-kubernetes.sh"));
        var named = EndToEnd().Matches(s_security).Select(m => m.Groups[1].Value.Trim()).ToList();
        Assert.True(named.Count > 5, "The expression finds no checks.");

        Assert.All(named.Append("a run survives the runner's pod"), name => Assert.Contains($"check \"{name}\"", script, StringComparison.OrdinalIgnoreCase));
    }

    private static bool DeclaresClass(string source, string name) => Regex.IsMatch(source, $@"\bclass {name}\b", RegexOptions.None, TimeSpan.FromSeconds(5));

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+(?:Tests|Conformance))\\.([A-Z][A-Za-z0-9_]+)`", RegexOptions.None, 5000)]
    private static partial Regex TestName();

    [GeneratedRegex("e2e: ([^;,|(.]+)", RegexOptions.None, 5000)]
    private static partial Regex EndToEnd();
}
