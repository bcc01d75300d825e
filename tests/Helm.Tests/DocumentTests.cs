using System.Text.RegularExpressions;

namespace Actors.Helm.Tests;

/// <summary>What docs/security.md names as proof must be there.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Security_EveryTestThatItNames_Exists()
    {
        var sources = Directory.EnumerateFiles(Path.Combine(Chart.Repository, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
            .Select(File.ReadAllText).ToList();
        var named = TestName().Matches(File.ReadAllText(Path.Combine(Chart.Repository, "docs", "security.md")));
        Assert.True(named.Count > 30, "The expression finds no tests.");
        var missing = named.Where(m => !sources.Exists(s => DeclaresClass(s, m.Groups[1].Value) && s.Contains($" {m.Groups[2].Value}(", StringComparison.Ordinal)));
        Assert.Empty(missing.Select(m => m.Value));
    }

    [Fact]
    public void Security_EveryCheckOfTheEndToEndTest_Exists()
    {
        var script = File.ReadAllText(Path.Combine(Chart.Repository, "eng", "e2e-kubernetes.sh"));
        Assert.All(
            new[] { "An unsigned image is refused", "The runner's rights", "A run survives the silo's pod", "A run survives the runner's pod", "No sandbox is left", "Nothing is launched on a network that does not enforce its policies" },
            name => Assert.Contains($"check \"{name}\"", script, StringComparison.Ordinal));
    }

    private static bool DeclaresClass(string source, string name) => Regex.IsMatch(source, $@"\bclass {name}\b", RegexOptions.None, TimeSpan.FromSeconds(5));

    [GeneratedRegex("`([A-Z][A-Za-z0-9]+(?:Tests|Conformance))\\.([A-Z][A-Za-z0-9_]+)`", RegexOptions.None, 5000)]
    private static partial Regex TestName();
}
