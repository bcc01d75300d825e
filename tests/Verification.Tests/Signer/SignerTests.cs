using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Signer;

/// <summary>Every format that is valid verifies, and every fixture that is valid but for one thing fails at the check for that thing.</summary>
public sealed class SignerTests
{
    public static TheoryData<string> ValidFormats => [.. Formats.All.Keys];

    public static TheoryData<string> AllDeviations => [.. Deviations.All.Keys];

    [Theory]
    [MemberData(nameof(ValidFormats))]
    public void Verify_ValidFormat_Verifies(string name)
    {
        var recipe = Formats.All[name]();
        var verified = Demands.Verify(recipe);
        Assert.Equal(recipe.Keyless, verified.Certificate is not null);
        Assert.Equal(recipe.Rekor > 0 ? 1 : 0, verified.LogEntries.Count);
        Assert.Equal(recipe.Dsse, verified.Statement is not null);
    }

    [Theory]
    [MemberData(nameof(AllDeviations))]
    public void Verify_OneDeviation_FailsAtItsCheck(string name)
    {
        var deviation = Deviations.All[name];
        var thrown = Assert.Throws<VerificationException>(() => Demands.Verify(deviation.Recipe(), deviation.Demand, deviation.Artifact));
        Assert.Equal($"{deviation.Stage}/{deviation.Code}", $"{thrown.Stage}/{thrown.Code}");
    }
}
