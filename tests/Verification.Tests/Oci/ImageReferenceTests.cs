using Actors.Verification.Oci;
using Xunit;

namespace Actors.Verification.Tests.Oci;

public sealed class ImageReferenceTests
{
    private const string Hex = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest")]
    [InlineData("acme/tool:1", "docker.io/acme/tool:1")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest")]
    [InlineData("index.docker.io/acme/tool", "docker.io/acme/tool:latest")]
    [InlineData("GHCR.io/acme/tool", "ghcr.io/acme/tool:latest")]
    [InlineData("localhost/tool", "localhost/tool:latest")]
    [InlineData("127.0.0.1:5000/a/b__c/d-e.f:V1", "127.0.0.1:5000/a/b__c/d-e.f:V1")]
    [InlineData("ghcr.io/a@sha256:" + Hex, "ghcr.io/a@sha256:" + Hex)]
    [InlineData("ghcr.io/a:1@sha256:" + Hex, "ghcr.io/a:1@sha256:" + Hex)]
    public void TryParse_Reference_IsNormalised(string text, string expected)
    {
        Assert.True(ImageReference.TryParse(text, out var reference, out var fault), fault);
        Assert.Equal(expected, reference.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" busybox")]
    [InlineData("busybox\n")]
    [InlineData("Busybox")]
    [InlineData("busybox:")]
    [InlineData("busybox:-1")]
    [InlineData("busybox@sha256:0123")]
    [InlineData("busybox@sha512:" + Hex + Hex)]
    [InlineData("busybox@SHA256:" + Hex)]
    [InlineData("busybox@sha256:" + Hex + "\n")]
    [InlineData("busybox@sha256:" + Hex + "@sha256:" + Hex)]
    [InlineData("ghcr.io/")]
    [InlineData("ghcr.io//a")]
    [InlineData("ghcr.io/../a")]
    [InlineData("ghcr.io/a?b")]
    [InlineData("ghcr.io:0/a")]
    [InlineData("ghcr.io:65536/a")]
    [InlineData("user@ghcr.io/a")]
    [InlineData("-ghcr.io/a")]
    [InlineData("https://ghcr.io/a")]
    [InlineData("ghcr.io/é")]
    public void TryParse_NoReference_IsRefused(string? text)
    {
        Assert.False(ImageReference.TryParse(text, out _, out var fault));
        Assert.NotEmpty(fault);
    }

    [Fact]
    public void IsHostAndIsRepository_TooLong_IsFalse()
    {
        Assert.True(ImageReference.IsHost(string.Join('.', Enumerable.Repeat("a", 128))));
        Assert.False(ImageReference.IsHost(string.Join('.', Enumerable.Repeat("a", 129))));
        Assert.True(ImageReference.IsRepository(new string('a', 255)));
        Assert.False(ImageReference.IsRepository(new string('a', 256)));
    }

    [Theory]
    [InlineData(Hex)]
    [InlineData("sha256:" + "g123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    [InlineData("sha256:" + "A123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")]
    public void TryParse_DigestThatIsNone_IsRefused(string text) => Assert.False(OciDigest.TryParse(text, out _));

    [Fact]
    public void TryParse_TooLong_IsRefused()
    {
        Assert.False(ImageReference.TryParse("ghcr.io/" + new string('a', 248), out _, out _));
        Assert.True(ImageReference.TryParse("ghcr.io/" + new string('a', 247), out _, out _));
        Assert.False(ImageReference.TryParse("a:" + new string('a', 129), out _, out _));
    }
}
