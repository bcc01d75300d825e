using System.Text.RegularExpressions;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Policy;

/// <summary>Every check's code becomes a refusal's code by a table.</summary>
public sealed partial class RefusalTests
{
    private static readonly string[] Codes = [.. Directory.EnumerateFiles(Repository.PathOf("src", "Verification"), "*.cs", SearchOption.AllDirectories)
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal) && !f.EndsWith("/Refusal.cs", StringComparison.Ordinal))
        .SelectMany(f => Literal().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value)).Distinct(StringComparer.Ordinal)];

    [Fact]
    public void ByStage_HoldsEveryStage() => Assert.Equal(Enum.GetValues<VerificationStage>().Order(), Refusal.ByStage.Keys.Order());

    [Fact]
    public void ByCheck_HoldsCodesThatAreThrown() => Assert.Empty(Refusal.ByCheck.Keys.Except([.. Codes, RefusalCodes.ConditionMismatch]));

    [Fact]
    public void ByCheck_HoldsEveryCheckOfProvenance() =>
        Assert.Empty(Codes.Where(c => OfProvenance().IsMatch(c)).Except(Refusal.ByCheck.Keys));

    [Fact]
    public void Codes_AllHaveAProgress() => Assert.All(
        Refusal.ByStage.Values.Concat(Refusal.ByCheck.Values).Append(RefusalCodes.Unsigned).Append(RefusalCodes.AttestationMissing),
        c => Assert.True(new Refusal(c, "").Progress < new Refusal("no such code", "").Progress, c));

    [GeneratedRegex("^(source|build|builder|provenance)_.*(mismatch|allowed|malformed)$")]
    private static partial Regex OfProvenance();

    // Snake case of two words and more, as codes are.
    [GeneratedRegex("\"([a-z]+(?:_[a-z0-9]+)+)\"")]
    private static partial Regex Literal();
}
