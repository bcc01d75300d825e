using System.Text.Json;
using Actors.Grains.Schemas;
using FsCheck;
using FsCheck.Fluent;

namespace Actors.Grains.Tests.Schemas;

public sealed class PatternTests
{
    [Theory]
    [InlineData(@"^\d+$", "12", true)]
    [InlineData(@"^\d+$", "١٢", false)]
    [InlineData(@"^a$", "a\n", false)]
    [InlineData(@"^\w$", "é", false)]
    [InlineData(@"^[\w-]+$", "a-b", true)]
    [InlineData(@"^[^\D]+$", "12", true)]
    [InlineData(@"^\S+$", "a\ufeff", false)]
    [InlineData(@"^.$", "😀", true)]
    [InlineData(@"^.$", "\u2028", false)]
    [InlineData(@"^\p{L}+$", "Ωé", true)]
    [InlineData(@"^\p{Lu}\P{Lu}$", "Aa", true)]
    [InlineData(@"^\u0041\x42\u{43}$", "ABC", true)]
    [InlineData(@"^\u{1F600}+$", "😀😀", true)]
    [InlineData(@"^😀+$", "😀😀", true)]
    [InlineData(@"^[a-c[]+$", "a[", true)]
    [InlineData(@"^[]$", "", false)]
    [InlineData(@"^[^]$", "\n", true)]
    [InlineData(@"^(?=.*\d)\w{4,}$", "abc1", true)]
    [InlineData(@"^(.)\1$", "aa", true)]
    [InlineData(@"^(?<x>a)\k<x>$", "aa", true)]
    [InlineData(@"b", "abc", true)]
    [InlineData(@"^\/\-\.$", "/-.", true)]
    public void Pattern_MeansWhatEcmaMeans(string pattern, string text, bool matches)
    {
        var schema = JsonSchema.Compile(JsonSerializer.SerializeToElement(new { pattern }));

        Assert.Equal(matches, schema.Validate(JsonSerializer.SerializeToElement(text)).Count == 0);
    }

    [Theory]
    [InlineData(@"\A")]
    [InlineData(@"\z")]
    [InlineData(@"(?>a)")]
    [InlineData(@"(?#a)")]
    [InlineData(@"(?'n'a)")]
    [InlineData(@"\p{Script=Greek}")]
    [InlineData(@"[a")]
    [InlineData(@"a\")]
    [InlineData(@"a**")]
    [InlineData(@"[z-a]")]
    [InlineData(@"\u12")]
    public void Pattern_OutsideEcma_IsAFault(string pattern) =>
        Assert.Throws<SchemaException>(() => JsonSchema.Compile(JsonSerializer.SerializeToElement(new { pattern })));

    [Fact]
    public void Compile_AnyPattern_CompilesOrIsAFault() => Prop.ForAll<string>(text =>
    {
        try
        {
            JsonSchema.Compile(JsonSerializer.SerializeToElement(new { pattern = text ?? "" })).Validate(JsonSerializer.SerializeToElement("aB1 \n"));
        }
        catch (SchemaException)
        {
        }
    }).QuickCheckThrowOnFailure();
}
