using System.Text;
using Actors.RunnerApi.Egress;
using Xunit;

namespace Actors.RunnerApi.Tests.Egress;

public sealed class ConnectHeadTests
{
    [Theory]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nProxy-Authorization: Basic eA==\r\nUser-Agent: x y\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.0\r\nproxy-authorization:Basic eA==\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: A.EXAMPLE\r\nContent-Length: 0\r\nProxy-Authorization:  Basic eA== \r\n\r\n")]
    public void Parse_WhatClientsSend_IsRead(string text)
    {
        var head = ConnectHead.Parse(Encoding.Latin1.GetBytes(text), out _);

        Assert.Equal(("CONNECT", "a.example:443", "Basic eA=="), (head?.Method, head?.Target, head?.Authorization));
        Assert.DoesNotContain("eA==", head!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONNECT a.example:443\r\n\r\n")]
    [InlineData("CONNECT  a.example:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT a.example:443 b.example:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT\ta.example:443 HTTP/1.1\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/2\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\nHost: a.example:443\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\rHost: a.example:443\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: b.example:443\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:80\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\nHost: a.example:443\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nContent-Length: 5\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nX: 1\r\n continued\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nX : 1\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\n: 1\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nno colon\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nX: a\0b\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nX: \u00ff\r\n\r\n")]
    [InlineData("CONNECT a.example:443 HTTP/1.1\r\nProxy-Authorization: Basic a\r\nProxy-Authorization: Basic b\r\n\r\n")]
    public void Parse_WhatCouldBeReadInTwoWays_IsNoHead(string text)
    {
        Assert.Null(ConnectHead.Parse(Encoding.Latin1.GetBytes(text), out var fault));
        Assert.NotEmpty(fault);
    }

    [Fact]
    public void Parse_TooManyHeaders_IsNoHead() =>
        Assert.Null(ConnectHead.Parse(Encoding.ASCII.GetBytes("CONNECT a:1 HTTP/1.1\r\n" + string.Concat(Enumerable.Range(0, 65).Select(i => $"X{i}: 1\r\n")) + "\r\n"), out _));

    [Theory]
    [InlineData("a.example:443", "a.example", 443, false)]
    [InlineData("A.Example:8443", "a.example", 8443, false)]
    [InlineData("203.0.113.7:22", "203.0.113.7", 22, true)]
    [InlineData("[2001:db8::1]:443", "2001:db8::1", 443, true)]
    public void ParseTarget_UsualForm_IsRead(string text, string host, int port, bool isAddress)
    {
        var target = ConnectTarget.Parse(text);

        Assert.Equal((host, port, isAddress), (target?.Host, target?.Port, target?.Address is not null));
    }

    [Theory]
    [InlineData("a.example")]
    [InlineData("a.example:")]
    [InlineData(":443")]
    [InlineData("a.example:0")]
    [InlineData("a.example:65536")]
    [InlineData("a.example:+443")]
    [InlineData("a.example:0443")]
    [InlineData("a.example: 443")]
    [InlineData("a.example.:443")]
    [InlineData("user@a.example:443")]
    [InlineData("http://a.example:443")]
    [InlineData("a.example/x:443")]
    [InlineData("2130706433:443")]
    [InlineData("0177.0.0.1:443")]
    [InlineData("0x7f.0.0.1:443")]
    [InlineData("0x7f000001:443")]
    [InlineData("127.1:443")]
    [InlineData("127.0.0.01:443")]
    [InlineData("[::ffff:127.0.0.1]:443")]
    [InlineData("[::ffff:7f00:1]:443")]
    [InlineData("[0:0:0:0:0:0:0:1]:443")]
    [InlineData("[fe80::1%eth0]:443")]
    [InlineData("[127.0.0.1]:443")]
    [InlineData("::1:443")]
    public void ParseTarget_AnyOtherForm_IsNone(string text) => Assert.Null(ConnectTarget.Parse(text));
}
