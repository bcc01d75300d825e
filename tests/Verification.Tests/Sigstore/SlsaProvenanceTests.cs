using System.Text.Json;
using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

public sealed class SlsaProvenanceTests
{
    private const string Workflow = "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main";
    private static readonly CertificateFacts Certificate = new(Workflow, "i", "f", new Dictionary<int, string> { [9] = Workflow, [12] = "https://github.com/o/r", [14] = "refs/heads/main" });

    [Theory]
    [InlineData("""{"workflow":{"repository":"https://github.com/o/r","ref":"refs/heads/main"}}""")]
    [InlineData("""{"source":"git+https://github.com/o/r@refs/heads/main"}""")]
    [InlineData("""{"source":{"uri":"git+https://github.com/o/r@refs/heads/main"}}""")]
    public void DemandAgreement_SameSource_Passes(string parameters) => Of(Workflow, parameters).DemandAgreement(Certificate);

    [Theory]
    [InlineData(Workflow, """{"workflow":{"repository":"https://github.com/o/x","ref":"refs/heads/main"}}""", "source_repository_mismatch")]
    [InlineData(Workflow, """{"workflow":{"repository":"https://github.com/o/r","ref":"refs/heads/x"}}""", "source_ref_mismatch")]
    [InlineData(Workflow, """{"workflow":{"repository":"https://github.com/o/r"}}""", "source_ref_mismatch")]
    [InlineData(Workflow, "{}", "source_repository_mismatch")]
    [InlineData("https://github.com/o/r/.github/workflows/x.yml@refs/heads/main", """{"source":"git+https://github.com/o/r@refs/heads/main"}""", "builder_mismatch")]
    public void DemandAgreement_OtherThanTheCertificate_IsRefused(string builder, string parameters, string code) =>
        Assert.Equal(code, Assert.Throws<VerificationException>(() => Of(builder, parameters).DemandAgreement(Certificate)).Code);

    [Theory]
    [InlineData("{}", 12, "source_repository_mismatch")]
    [InlineData("""{"workflow":{"repository":"https://github.com/o/r"}}""", 14, "source_ref_mismatch")]
    [InlineData("""{"source":"git+https://github.com/o/r@refs/heads/main"}""", 9, "builder_mismatch")]
    public void DemandAgreement_NeitherNamesIt_IsRefused(string parameters, int extension, string code)
    {
        var certificate = Certificate with { Extensions = Certificate.Extensions.Where(e => e.Key != extension).ToDictionary() };
        Assert.Equal(code, Assert.Throws<VerificationException>(() => Of("https://service", parameters).DemandAgreement(certificate)).Code);
    }

    [Fact]
    public void Of_NoPredicate_IsRefused() =>
        Assert.Equal("provenance_malformed", Assert.Throws<VerificationException>(() => SlsaProvenance.Of(new InTotoStatement(SlsaProvenance.PredicateType, [], default))).Code);

    [Theory]
    [InlineData("https://slsa.dev/provenance/v0.2", "{}", "predicate_type_mismatch")]
    [InlineData(SlsaProvenance.PredicateType, "{}", "provenance_malformed")]
    [InlineData(SlsaProvenance.PredicateType, "[]", "provenance_malformed")]
    public void Of_NoProvenance_IsRefused(string type, string predicate, string code)
    {
        var statement = new InTotoStatement(type, [], JsonElement.Parse(predicate));
        Assert.Equal(code, Assert.Throws<VerificationException>(() => SlsaProvenance.Of(statement)).Code);
    }

    private static SlsaProvenance Of(string builder, string parameters)
    {
        var predicate = $$$"""{"buildDefinition":{"buildType":"t","externalParameters":{{{parameters}}} },"runDetails":{"builder":{"id":"{{{builder}}}"} } }""";
        return SlsaProvenance.Of(new InTotoStatement(SlsaProvenance.PredicateType, [], JsonElement.Parse(predicate)));
    }
}
