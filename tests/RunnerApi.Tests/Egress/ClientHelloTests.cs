using Actors.RunnerApi.Egress;
using Xunit;

namespace Actors.RunnerApi.Tests.Egress;

public sealed class ClientHelloTests
{
    private static readonly ClientHello s_incomplete = new(HelloKind.Incomplete, "");

    [Fact]
    public void Read_EveryPrefix_IsIncompleteUntilTheWholeIsThere()
    {
        var hello = Hellos.Named("Api.Example.com");

        Assert.All(Enumerable.Range(0, hello.Length), n => Assert.Equal(s_incomplete, ClientHello.Read(hello.AsSpan(0, n))));
        Assert.Equal(new ClientHello(HelloKind.Named, "api.example.com"), ClientHello.Read(hello));
        Assert.Equal(new ClientHello(HelloKind.Named, "api.example.com"), ClientHello.Read([.. hello, 23, 3, 3, 0, 1, 0]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(50)]
    public void Read_SpreadOverRecords_IsTheSame(int size)
    {
        var hello = Hellos.Record(Hellos.Message([Hellos.ServerName("a.example")]), size);

        Assert.Equal(new ClientHello(HelloKind.Named, "a.example"), ClientHello.Read(hello));
        Assert.Equal(s_incomplete, ClientHello.Read(hello.AsSpan(0, hello.Length - 1)));
    }

    [Fact]
    public void Read_WithoutName_SaysSo()
    {
        Assert.Equal(HelloKind.NoName, ClientHello.Read(Hellos.Nameless()).Kind);
        Assert.Equal(HelloKind.NoName, ClientHello.Read(Hellos.Record(Hellos.Message([Hellos.Extension(43, [2, 3, 4])]))).Kind);
    }

    [Theory]
    [InlineData(0xfe0d)]
    [InlineData(0xffce)]
    public void Read_EncryptedHello_IsHiddenWhateverItsOuterNameIs(int type) =>
        Assert.Equal(HelloKind.Hidden, ClientHello.Read(Hellos.Record(Hellos.Message([Hellos.ServerName("a.example"), Hellos.Extension((ushort)type, [0])]))).Kind);

    public static TheoryData<byte[]> Wrong => new()
    {
        "GET / HTTP/1.1\r\n"u8.ToArray(),
        "SSH-2.0-x\r\n"u8.ToArray(),
        new byte[] { 22, 2, 0, 0, 5, 1, 0, 0, 1, 0 },
        new byte[] { 22, 3, 5, 0, 5, 1, 0, 0, 1, 0 },
        new byte[] { 22, 3, 1, 0, 0 },
        new byte[] { 22, 3, 1, 0xff, 0xff },
        new byte[] { 22, 3, 1, 0, 4, 2, 0, 0, 0 },
        new byte[] { 22, 3, 1, 0, 4, 1, 1, 0, 0 },
        new byte[] { 22, 3, 1, 0, 4, 1, 0, 0x40, 0 },
        new byte[] { 22, 3, 1, 0, 5, 1, 0, 0, 1, 3 },
        Hellos.Record(Hellos.Message([Hellos.ServerName("a.example"), Hellos.ServerName("b.example")])),
        Hellos.Record(Hellos.Message([Hellos.Extension(0, [0, 0])])),
        Hellos.Record(Hellos.Message([Hellos.Extension(0, [0, 4, 1, 0, 1, 97])])),
        Hellos.Record(Hellos.Message([Hellos.Extension(0, [0, 8, 0, 0, 1, 97, 0, 0, 1, 98])])),
        Hellos.Record(Hellos.Message([Hellos.ServerName("")])),
        Hellos.Record(Hellos.Message([Hellos.ServerName("a.example\0.evil")])),
        Hellos.Record(Hellos.Message([Hellos.ServerName("b\u00fccher.example")])),
        Hellos.Record(Hellos.Message([Hellos.ServerName("a.example")], padding: 17 * 1024), 8192),
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Read_MalformedOrTooLarge_IsNoTls(byte[] bytes) => Assert.Equal(HelloKind.NotTls, ClientHello.Read(bytes).Kind);

    [Fact]
    public void Read_OneByteChanged_NeverThrowsAndNeverInventsAName()
    {
        var hello = Hellos.Hidden("a.example");
        foreach (var (at, value) in Enumerable.Range(0, hello.Length).SelectMany(at => Enumerable.Range(0, 256).Select(v => (at, (byte)v))))
        {
            var changed = hello.ToArray();
            changed[at] = value;
            var read = ClientHello.Read(changed);

            Assert.Equal(read.Kind == HelloKind.Named, read.Name.Length > 0);
        }
    }
}
