using System.Text.RegularExpressions;
using Actors.Verification.Policy;

namespace Actors.Verification.Tests;

/// <summary>What the documents say of tests and types is there.</summary>
public sealed partial class DocumentTests
{
    [Fact]
    public void Verification_Precedents_AreTestsAndAllThatAreNamedSo()
    {
        var rows = Section("verification.md", "## Precedents").Where(l => l.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();
        var named = rows.SelectMany(r => Code().Matches(r).Select(m => m.Groups[1].Value)).ToList();
        var tests = typeof(DocumentTests).Assembly.GetTypes().SelectMany(t => t.GetMethods()).Where(m => m.IsDefined(typeof(FactAttribute), inherit: true)).Select(m => m.Name).ToHashSet(StringComparer.Ordinal);

        Assert.True(rows.Count > 20);
        Assert.All(rows, r => Assert.Matches(Code(), r));
        Assert.Empty(named.Except(tests));
        Assert.Empty(tests.Where(t => Precedent().IsMatch(t)).Except(named));
    }

    [Fact]
    public void Architecture_BoundsOfVerification_NameTypesThatExist()
    {
        var types = typeof(PolicyGate).Assembly.GetTypes().Select(t => t.Name.Split('`')[0]).ToHashSet(StringComparer.Ordinal);
        var rows = Section("architecture.md", "## Bounds").SkipWhile(l => !l.StartsWith("| policy file;", StringComparison.Ordinal)).TakeWhile(l => l.StartsWith("| ", StringComparison.Ordinal)).ToList();

        Assert.True(rows.Count >= 4);
        Assert.Empty(rows.SelectMany(r => Code().Matches(r.Split('|')[3]).Select(m => m.Groups[1].Value)).Except(types));
    }

    private static IEnumerable<string> Section(string document, string title) =>
        File.ReadLines(Repository.PathOf("docs", document)).SkipWhile(l => l != title).Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal));

    [GeneratedRegex("`([A-Za-z0-9_]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("_(CVE_[0-9]|TrailOfBits|SigstoreRust)")]
    private static partial Regex Precedent();
}
