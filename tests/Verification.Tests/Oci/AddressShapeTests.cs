using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

/// <summary>Addresses that come from a registry, and names that go into one.</summary>
public sealed class AddressShapeTests
{
    private static readonly Uri Page = new("https://registry.test/v2/a/b/referrers/x?n=1");

    [Theory]
    [InlineData("<?n=2>; rel=next", "https://registry.test/v2/a/b/referrers/x?n=2")]
    [InlineData("</v2/a/b/referrers/x?n=2>; rel=\"next\"", "https://registry.test/v2/a/b/referrers/x?n=2")]
    public void Next_SameList_IsGiven(string header, string expected) => Assert.Equal(new Uri(expected), LinkHeader.Next("List", Page, [header]));

    [Theory]
    [InlineData("<http://[>; rel=next")]
    [InlineData("<https://other.test/v2/a/b/referrers/x>; rel=next")]
    [InlineData("<http://registry.test/v2/a/b/referrers/x>; rel=next")]
    [InlineData("<https://registry.test:444/v2/a/b/referrers/x>; rel=next")]
    [InlineData("<https://user@registry.test/v2/a/b/referrers/x>; rel=next")]
    [InlineData("</v2/a/b/referrers/y>; rel=next")]
    [InlineData("<?n=2>; rel=next, <?n=3>; rel=next")]
    public void Next_AnotherPlace_IsRefused(string header) =>
        Assert.Equal(RegistryFault.ForbiddenAddress, Assert.Throws<RegistryException>(() => LinkHeader.Next("List", Page, [header])).Fault);

    [Theory]
    [InlineData("https://h/", "http://h:443/", false)]
    [InlineData("https://h/", "https://h:444/", false)]
    [InlineData("https://h/", "https://g/", false)]
    [InlineData("https://h/a", "https://H:443/b", true)]
    public void SameOrigin_EachPart_Counts(string a, string b, bool same) => Assert.Equal(same, RegistryEndpoint.SameOrigin(new Uri(a), new Uri(b)));

    [Fact]
    public async Task GetManifestAsync_NoConnectionInTime_IsADeadline()
    {
        using var client = new OciClient(new OciClientOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(1),
            ResolveName = static async (_, cancellationToken) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return [];
            },
        });

        await RegistryAssert.FaultAsync(RegistryFault.Deadline, () => client.GetManifestAsync(new OciRepository("registry.test", "a/b"), "1", default), "no connection in time");
    }

    [Theory]
    [InlineData("user@registry.test", "a/b", "1")]
    [InlineData("registry.test", "a/../b", "1")]
    [InlineData("registry.test", "a/b", "1?x")]
    public void Of_NameThatMeansAnotherPlace_IsRefused(string host, string name, string reference) =>
        Assert.Equal(RegistryFault.Protocol, Assert.Throws<RegistryException>(() => RegistryEndpoint.Of(new OciRepository(host, name), "manifests", reference)).Fault);
}
