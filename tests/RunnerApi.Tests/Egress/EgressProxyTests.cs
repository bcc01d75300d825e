using System.Net;
using System.Security.Authentication;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>Who gets where: over real sockets.</summary>
public sealed class EgressProxyTests
{
    [Fact]
    public async Task Connect_HttpsClientWithItsCredentials_ReachesTheTargetAndIsWrittenDown()
    {
        await using var target = await HttpsTarget.StartAsync("api.example.test");
        await using var proxy = await ProxyHarness.StartAsync();
        proxy.Name("api.example.test", "127.0.0.1");
        var grant = proxy.Allow("one", Rule("api.example.test", target.Port));
        using (var http = Client(proxy, "one", "api.example.test"))
        {
            Assert.Equal("hello from api.example.test", await http.GetStringAsync($"https://api.example.test:{target.Port}/"));
        }

        var seen = await ProxyHarness.OnlyAsync(grant);
        Assert.Equal(("api.example.test", target.Port, "127.0.0.1"), (seen.Host, seen.Port, seen.Address));
        Assert.True(seen is { BytesUp: > 200, BytesDown: > 500 }, seen.ToString());
        var all = grant.Log.View();
        Assert.Equal((seen.BytesUp, seen.BytesDown), (all.BytesUp, all.BytesDown));
    }

    [Fact]
    public async Task Connect_WildcardRule_ReachesOneLabelMoreOnly()
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        proxy.Name("a.example.test", "127.0.0.1");
        proxy.Allow("one", Rule("*.example.test", target.Port, tls: false));

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(proxy, "one", $"a.example.test:{target.Port}"), StringComparison.Ordinal);
        Assert.Contains("host_not_allowed", await AskAsync(proxy, "one", $"example.test:{target.Port}"), StringComparison.Ordinal);
        Assert.Contains("host_not_allowed", await AskAsync(proxy, "one", $"x.a.example.test:{target.Port}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Proxy-Authorization: Basic !!!\r\n")]
    [InlineData("Proxy-Authorization: Bearer abc\r\n")]
    [InlineData("Authorization: Basic b25lOmNvcnJlY3QtaG9yc2UtYmF0dGVyeS1zdGFwbGVvbmU=\r\n")]
    public async Task Connect_NoCredentials_Is407AndLeadsNowhere(string header) => await Refused407Async(header);

    [Theory]
    [InlineData("one", "wrong")]
    [InlineData("one", "")]
    [InlineData("one", ProxyHarness.Password + "two")]
    [InlineData("two", ProxyHarness.Password + "one")]
    [InlineData("none", ProxyHarness.Password + "none")]
    [InlineData("", "")]
    public async Task Connect_WrongOrAnothersCredentials_Is407AndLeadsNowhere(string id, string password) =>
        await Refused407Async($"Proxy-Authorization: {ProxyHarness.Basic(id, password)}\r\n");

    [Fact]
    public async Task Connect_AnothersOwnCredentials_GetThatOnesRulesOnly()
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        proxy.Name("a.example.test", "127.0.0.1");
        proxy.Allow("one", Rule("a.example.test", target.Port, tls: false));
        var other = proxy.Allow("two", Rule("b.example.test", target.Port, tls: false));

        Assert.Contains("403", await AskAsync(proxy, "two", $"a.example.test:{target.Port}"), StringComparison.Ordinal);
        Assert.Equal(EgressVerdicts.HostNotAllowed, (await ProxyHarness.OnlyAsync(other)).Verdict);
        Assert.Equal(0, target.Accepted);
    }

    [Theory]
    [InlineData("b.example.test:{0}", EgressVerdicts.HostNotAllowed)]
    [InlineData("a.example.test.evil.test:{0}", EgressVerdicts.HostNotAllowed)]
    [InlineData("a.example.test:22", EgressVerdicts.PortNotAllowed)]
    [InlineData("127.0.0.1:{0}", EgressVerdicts.HostNotAllowed)]
    [InlineData("[::1]:{0}", EgressVerdicts.HostNotAllowed)]
    [InlineData("2130706433:{0}", EgressVerdicts.BadRequest)]
    [InlineData("0177.0.0.1:{0}", EgressVerdicts.BadRequest)]
    [InlineData("0x7f000001:{0}", EgressVerdicts.BadRequest)]
    [InlineData("127.1:{0}", EgressVerdicts.BadRequest)]
    [InlineData("[::ffff:127.0.0.1]:{0}", EgressVerdicts.BadRequest)]
    public async Task Connect_TargetOutsideTheRules_IsRefusedAndWrittenDown(string form, string verdict)
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        proxy.Name("a.example.test", "127.0.0.1");
        proxy.Name("b.example.test", "127.0.0.1");
        var grant = proxy.Allow("one", Rule("a.example.test", target.Port, tls: false));

        var answer = await AskAsync(proxy, "one", string.Format(System.Globalization.CultureInfo.InvariantCulture, form, target.Port));

        Assert.Contains(verdict + ": ", answer, StringComparison.Ordinal);
        Assert.Equal(verdict, (await ProxyHarness.OnlyAsync(grant)).Verdict);
        Assert.Empty(proxy.Resolved);
        Assert.Equal(0, target.Accepted);
    }

    [Fact]
    public async Task Connect_AddressWithinAnAllowedNetwork_IsReachedAsItIs()
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        var grant = proxy.Allow("one", new EgressRule { Cidr = "127.0.0.0/30", Port = target.Port, AllowPrivate = true, Tls = false });

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(proxy, "one", $"127.0.0.1:{target.Port}"), StringComparison.Ordinal);
        Assert.Contains("host_not_allowed", await AskAsync(proxy, "one", $"127.0.0.4:{target.Port}"), StringComparison.Ordinal);
        Assert.Contains("port_not_allowed", await AskAsync(proxy, "one", "127.0.0.1:1"), StringComparison.Ordinal);
        Assert.Equal(3, grant.Log.Total);
    }

    [Theory]
    [InlineData(false, "127.0.0.1")]
    [InlineData(false, "10.0.0.1")]
    [InlineData(false, "::ffff:127.0.0.1")]
    [InlineData(false, "192.168.1.1")]
    [InlineData(false, "1.1.1.1", "127.0.0.1")]
    [InlineData(false, "64:ff9b::7f00:1")]
    [InlineData(false, "169.254.169.254")]
    [InlineData(true, "169.254.169.254")]
    [InlineData(true, "::ffff:169.254.169.254")]
    [InlineData(true, "127.0.0.1", "169.254.169.254")]
    [InlineData(true, "fe80::1")]
    [InlineData(true, "0.0.0.0")]
    [InlineData(false)]
    public async Task Connect_NameWithAForbiddenAddress_IsRefusedBeforeAnyConnection(bool allowPrivate, params string[] addresses)
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        proxy.Name("a.example.test", addresses);
        var grant = proxy.Allow("one", Rule("a.example.test", target.Port) with { AllowPrivate = allowPrivate });

        var answer = await AskAsync(proxy, "one", $"a.example.test:{target.Port}");

        Assert.StartsWith("HTTP/1.1 403", answer, StringComparison.Ordinal);
        var seen = await ProxyHarness.OnlyAsync(grant);
        Assert.Equal((EgressVerdicts.AddressNotAllowed, null), (seen.Verdict, seen.Address));
        Assert.Equal(0, target.Accepted);
    }

    [Fact]
    public async Task Connect_NameThatChangesItsMeaning_IsDialledAtTheAddressThatWasChecked()
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        var asked = 0;
        proxy.Name("a.example.test", () => asked++ == 0 ? [IPAddress.Loopback] : [IPAddress.Parse("169.254.169.254")]);
        var grant = proxy.Allow("one", Rule("a.example.test", target.Port, tls: false));

        Assert.StartsWith("HTTP/1.1 200", await AskAsync(proxy, "one", $"a.example.test:{target.Port}"), StringComparison.Ordinal);
        Assert.Equal(1, asked);
        Assert.Equal("127.0.0.1", (await ProxyHarness.OnlyAsync(grant)).Address);

        Assert.StartsWith("HTTP/1.1 403", await AskAsync(proxy, "one", $"a.example.test:{target.Port}"), StringComparison.Ordinal);
        Assert.Equal(1, target.Accepted);
    }

    [Fact]
    public async Task Connect_NameOrPortThatIsNotThere_Is502()
    {
        await using var proxy = await ProxyHarness.StartAsync();
        int port;
        await using (var gone = new TargetServer())
        {
            port = gone.Port;
        }

        proxy.Name("a.example.test", "127.0.0.1");
        proxy.Allow("one", Rule("a.example.test", port), Rule("missing.example.test", 443));

        Assert.Contains(EgressVerdicts.ConnectFailed, await AskAsync(proxy, "one", $"a.example.test:{port}"), StringComparison.Ordinal);
        Assert.Contains(EgressVerdicts.NameNotResolved, await AskAsync(proxy, "one", "missing.example.test:443"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_PlainHttp_Is405AndWrittenDown()
    {
        await using var proxy = await ProxyHarness.StartAsync();
        var grant = proxy.Allow("one", Rule("a.example.test", 80));
        using var client = await proxy.OpenAsync();

        var answer = await client.RequestAsync($"GET http://a.example.test/ HTTP/1.1\r\nProxy-Authorization: {ProxyHarness.Basic("one")}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 405", answer, StringComparison.Ordinal);
        Assert.Equal(EgressVerdicts.BadRequest, (await ProxyHarness.OnlyAsync(grant)).Verdict);
    }

    private static async Task Refused407Async(string header)
    {
        await using var target = new TargetServer();
        await using var proxy = await ProxyHarness.StartAsync();
        proxy.Name("a.example.test", "127.0.0.1");
        var one = proxy.Allow("one", Rule("a.example.test", target.Port, tls: false));
        var two = proxy.Allow("two", Rule("a.example.test", target.Port, tls: false));
        using var client = await proxy.OpenAsync();

        var answer = await client.RequestAsync($"CONNECT a.example.test:{target.Port} HTTP/1.1\r\n{header}\r\n");

        Assert.StartsWith("HTTP/1.1 407", answer, StringComparison.Ordinal);
        Assert.Equal((0, 0, 0), (one.Log.Total, two.Log.Total, target.Accepted));
        Assert.Empty(proxy.Resolved);
    }

    internal static EgressRule Rule(string host, int port, bool tls = true) => new() { Host = host, Port = port, AllowPrivate = true, Tls = tls };

    private static async Task<string> AskAsync(ProxyHarness proxy, string id, string target)
    {
        var (client, answer) = await proxy.ConnectAsync(id, target);
        client.Dispose();
        return answer;
    }

    private static HttpClient Client(ProxyHarness proxy, string id, string name) => new(new SocketsHttpHandler
    {
        Proxy = new WebProxy(new Uri($"http://{proxy.Proxy.Address}")) { Credentials = new NetworkCredential(id, ProxyHarness.Password + id) },
        SslOptions = { EnabledSslProtocols = SslProtocols.None, RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == "CN=" + name },
    });
}
