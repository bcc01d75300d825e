using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class RegistryPatternTests
{
    [Theory]
    [InlineData("ghcr.io/acme/**", "ghcr.io/acme/a/b", true)]
    [InlineData("ghcr.io/acme/**", "ghcr.io/acme", false)]
    [InlineData("ghcr.io/acme/**", "ghcr.io/acme2/a", false)]
    [InlineData("ghcr.io/acme/**", "ghcr.io:444/acme/a", false)]
    [InlineData("ghcr.io/acme/*", "ghcr.io/acme/a", true)]
    [InlineData("ghcr.io/acme/*", "ghcr.io/acme/a/b", false)]
    [InlineData("ghcr.io/acme/mcp-*", "ghcr.io/acme/mcp-time", true)]
    [InlineData("ghcr.io/acme/mcp-*", "ghcr.io/acme/mcp", false)]
    [InlineData("ghcr.io/*/tool", "ghcr.io/acme/tool", true)]
    [InlineData("ghcr.io/a.b", "ghcr.io/axb", false)]
    [InlineData("ghcr.io/a", "ghcr.io/a/b", false)]
    [InlineData("docker.io/library/busybox", "busybox:1", true)]
    [InlineData("docker.io/**", "index.docker.io/busybox", true)]
    public void Matches_Pattern_CoversWholeNamesOnly(string pattern, string image, bool expected)
    {
        Assert.True(ImageReference.TryParse(image, out var reference, out var fault), fault);

        Assert.Equal(expected, Parse(pattern).Matches(reference));
    }

    [Theory]
    [InlineData("h/a/b", "h/a/*")]
    [InlineData("h/a/*", "h/a/**")]
    [InlineData("h/a/**", "h/**")]
    [InlineData("h/a/*/x*", "h/**")]
    [InlineData("h/*/**", "h/**")]
    [InlineData("h/*/b", "h/**")]
    [InlineData("h/*-x", "h/*")]
    [InlineData("h/*-*", "h/*")]
    [InlineData("h/ab*", "h/a*")]
    public void CompareSpecificity_PatternOfASubset_IsMoreSpecific(string narrow, string wide)
    {
        Assert.True(Parse(narrow).CompareSpecificity(Parse(wide)) > 0);
        Assert.True(Parse(wide).CompareSpecificity(Parse(narrow)) < 0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ghcr.io")]
    [InlineData("/a")]
    [InlineData("*/a")]
    [InlineData("*.io/a")]
    [InlineData("ghcr.io/**/a")]
    [InlineData("ghcr.io/a**")]
    [InlineData("ghcr.io//a")]
    [InlineData("ghcr.io/a/")]
    [InlineData("ghcr.io/A")]
    [InlineData("ghcr.io/a\n")]
    [InlineData("ghcr.io:99999/a")]
    [InlineData("https://ghcr.io/a")]
    [InlineData("docker.io/busybox")]
    [InlineData("index.docker.io/library/busybox")]
    public void TryParse_PatternThatIsNone_IsRefused(string text)
    {
        Assert.False(RegistryPattern.TryParse(text, out _, out var fault));
        Assert.NotEmpty(fault);
    }

    private static RegistryPattern Parse(string text)
    {
        Assert.True(RegistryPattern.TryParse(text, out var pattern, out var fault), fault);
        return pattern;
    }
}
