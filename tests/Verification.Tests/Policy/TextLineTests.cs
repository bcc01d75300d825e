using Actors.Verification.Policy;
using Xunit;

namespace Actors.Verification.Tests.Policy;

public sealed class TextLineTests
{
    [Theory]
    [InlineData(null, "")]
    [InlineData("plain \u00e9", "plain \u00e9")]
    [InlineData("a\nb\u001b[1m", "a?b?[1m")]
    [InlineData("left\u202eright", "left?right")]
    [InlineData("one\u2028two\u2029three", "one?two?three")]
    [InlineData("hidden\u200bjoin\ufeff", "hidden?join?")]
    public void Of_Text_IsOneLineThatIsWhatItLooksLike(string? text, string expected) => Assert.Equal(expected, TextLine.Of(text, 100));

    [Theory]
    [InlineData("0123456789", "0123456789")]
    [InlineData("0123456789abc", "0123456789\u2026")]
    [InlineData("012345678\U0001F600", "012345678\U0001F600")]
    public void Of_LongText_IsCutBetweenCharacters(string text, string expected) => Assert.Equal(expected, TextLine.Of(text, 10));
}
