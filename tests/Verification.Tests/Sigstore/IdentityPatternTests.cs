using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Sigstore;

public sealed class IdentityPatternTests
{
    [Theory]
    [InlineData("https://a", true)]
    [InlineData("https://a\n", false)]
    [InlineData("xhttps://a", false)]
    [InlineData("https://b.evil", false)]
    [InlineData("https://b", true)]
    public void Matches_Regex_HasToMatchAll(string text, bool matches)
    {
        Assert.True(IdentityPattern.TryRegex("https://a|https://b", out var pattern, out _));
        Assert.Equal(matches, pattern.Matches(text));
    }

    [Theory]
    [InlineData("a)|(?:b")]
    [InlineData("(a)\\1")]
    [InlineData("(?=a)")]
    [InlineData("(")]
    [InlineData("")]
    public void TryRegex_WhatCannotBeAnchored_IsRefused(string expression) => Assert.False(IdentityPattern.TryRegex(expression, out _, out _));

    [Fact]
    public void Matches_Exact_IsOrdinal() => Assert.False(IdentityPattern.Exact("a").Matches("A"));

    // The comment would swallow the anchor.
    [Theory]
    [InlineData("(?x)a #")]
    [InlineData("(?x)a # b)")]
    public void TryRegex_OpenInlineComment_IsRefused(string expression) => Assert.False(IdentityPattern.TryRegex(expression, out _, out _));

    [Fact]
    public void Matches_ClosedInlineComment_StaysAnchored()
    {
        Assert.True(IdentityPattern.TryRegex("(?x)a # comment\n", out var pattern, out _));
        Assert.True(pattern.Matches("a"));
        Assert.False(pattern.Matches("ab"));
    }
}
