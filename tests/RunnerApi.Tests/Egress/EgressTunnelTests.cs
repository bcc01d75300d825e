using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>What goes through a tunnel, and what ends it.</summary>
public sealed class EgressTunnelTests : IAsyncLifetime
{
    private const string Host = "a.example.test";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    private readonly TargetServer _target = new();
    private ProxyHarness _proxy = null!;

    public async Task InitializeAsync() => _proxy = await StartAsync();

    public async Task DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _target.DisposeAsync();
    }

    [Fact]
    public async Task Hello_OfTheTarget_IsPassedOnByteForByteHoweverItComes()
    {
        _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port));
        var hello = Hellos.Record(Hellos.Message([Hellos.ServerName("A.example.TEST")]), 1);
        using var client = await TunnelAsync();
        foreach (var b in hello)
        {
            await client.Stream.WriteAsync(new[] { b });
        }

        var echo = new byte[hello.Length];
        await client.Stream.ReadExactlyAsync(echo);
        Assert.Equal(hello, echo);
    }

    public static TheoryData<string, byte[]> Refused => new()
    {
        { EgressVerdicts.ServerNameMismatch, Hellos.Named("b.example.test") },
        { EgressVerdicts.ServerNameMismatch, Hellos.Named("a.example.test.") },
        { EgressVerdicts.ServerNameMismatch, Hellos.Named("xa.example.test") },
        { EgressVerdicts.ServerNameMismatch, Hellos.Named("127.0.0.1") },
        { EgressVerdicts.ServerNameMissing, Hellos.Nameless() },
        { EgressVerdicts.ServerNameHidden, Hellos.Hidden("a.example.test") },
        { EgressVerdicts.NotTls, "GET / HTTP/1.1\r\nHost: a.example.test\r\n\r\n"u8.ToArray() },
        { EgressVerdicts.NotTls, Hellos.Record(Hellos.Message([Hellos.ServerName(Host)], padding: 40_000), 16_384) },
        { EgressVerdicts.NotTls, Hellos.Record(Hellos.Message([Hellos.ServerName(Host)], padding: 12_000), 1) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Hello_OfAnotherOrOfNone_IsCutAndTheTargetGetsNothing(string verdict, byte[] hello)
    {
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port));
        using var client = await TunnelAsync();
        var sending = SendAsync(client, hello);

        var got = await client.ReadToEndAsync();
        await sending;

        Assert.True(got is null or [], "something came back");
        var seen = await ProxyHarness.OnlyAsync(grant);
        Assert.Equal((verdict, 0L, "127.0.0.1"), (seen.Verdict, seen.BytesUp, seen.Address));
        Assert.Equal(0, _target.Bytes);
    }

    [Fact]
    public async Task Hello_ThatEndsHalfWay_IsNoTls()
    {
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port));
        using var client = await TunnelAsync();
        await client.Stream.WriteAsync(Hellos.Named(Host).AsMemory(0, 20));
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal(EgressVerdicts.NotTls, (await ProxyHarness.OnlyAsync(grant)).Verdict);
        Assert.Equal(0, _target.Bytes);
    }

    [Fact]
    public async Task Hello_ThatDoesNotCome_IsCutInTime()
    {
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port));
        using var client = await TunnelAsync();
        await client.Stream.WriteAsync(Hellos.Named(Host).AsMemory(0, 20));
        await Poll.UntilAsync(() => _proxy.Time.IsArmed(s_patience));
        _proxy.Time.Advance(s_patience);

        Assert.Equal(EgressVerdicts.TlsTimeout, (await ProxyHarness.OnlyAsync(grant)).Verdict);
        Assert.Equal(0, _target.Bytes);
    }

    [Fact]
    public async Task Request_ThatDoesNotEnd_IsCutInTime()
    {
        using var client = await _proxy.OpenAsync();
        await client.Stream.WriteAsync("CONNECT a"u8.ToArray());
        await Poll.UntilAsync(() => _proxy.Time.IsArmed(s_patience));
        _proxy.Time.Advance(s_patience);

        Assert.True(await client.ReadToEndAsync() is null or []);
    }

    [Fact]
    public async Task Request_OverTheBound_IsRefused()
    {
        using var client = await _proxy.OpenAsync();

        Assert.StartsWith("HTTP/1.1 431", await client.RequestAsync("CONNECT a:1 HTTP/1.1\r\nX: ".PadRight(8192, 'x')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\r\nHost: a.example.test:{0}\r\n{1}\r\n\r\nCONNECT b.example.test:{0} HTTP/1.1\r\n{1}\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\r\nContent-Length: 40\r\n{1}\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n{1}\r\n\r\n0\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\nX: y\r\n{1}\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\r\nHost: b.example.test:{0}\r\n{1}\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\r\nX:\r\n y\r\n{1}\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0} HTTP/1.1\r\n{1}\r\n{1}\r\n\r\n")]
    [InlineData("CONNECT a.example.test:{0}\r\nX HTTP/1.1\r\n{1}\r\n\r\n")]
    public async Task Request_WithAnotherHiddenInIt_Is400AndLeadsNowhere(string form)
    {
        _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        using var client = await _proxy.OpenAsync();

        var answer = await client.RequestAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, _target.Port, "Proxy-Authorization: " + ProxyHarness.Basic("one")));

        Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
        Assert.Equal(0, _target.Accepted);
    }

    [Fact]
    public async Task Tunnel_OneSideEnds_TheOtherIsStillHeard()
    {
        _target.Farewell = "that was all"u8.ToArray();
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        using var client = await TunnelAsync();
        await client.Stream.WriteAsync("ping "u8.ToArray());
        client.Socket.Shutdown(SocketShutdown.Send);

        Assert.Equal("ping that was all", Encoding.ASCII.GetString((await client.ReadToEndAsync())!));
        var seen = await ProxyHarness.OnlyAsync(grant);
        Assert.Equal((EgressVerdicts.Closed, 5L, 17L), (seen.Verdict, seen.BytesUp, seen.BytesDown));
    }

    [Fact]
    public async Task Tunnel_SandboxEnds_IsCutAndNoneComesAfter()
    {
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        using var client = await TunnelAsync();
        await EchoAsync(client);

        grant.End();

        // Written down at once, whatever the sockets still do.
        var seen = Assert.Single(grant.Log.View().Connections);
        Assert.Equal((EgressVerdicts.SandboxEnded, 4L, 4L), (seen.Verdict, seen.BytesUp, seen.BytesDown));
        Assert.Null(await client.ReadToEndAsync());
        var (late, answer) = await _proxy.ConnectAsync("one", $"{Host}:{_target.Port}");
        late.Dispose();
        Assert.StartsWith("HTTP/1.1 407", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tunnel_WithoutBytesForTooLong_IsCut()
    {
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        using var client = await TunnelAsync();
        await EchoAsync(client);
        await AdvanceAsync(TimeSpan.FromSeconds(119));
        await EchoAsync(client);
        await AdvanceAsync(TimeSpan.FromSeconds(119));
        await EchoAsync(client);
        await AdvanceAsync(TimeSpan.FromSeconds(120));

        Assert.Null(await client.ReadToEndAsync());
        Assert.Equal(EgressVerdicts.IdleTimeout, (await ProxyHarness.OnlyAsync(grant)).Verdict);
    }

    [Fact]
    public async Task Tunnel_OpenForTooLong_IsCut()
    {
        await using var proxy = await StartAsync(("IdleSeconds", "3600"), ("ConnectionSeconds", "60"));
        var grant = proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        var (client, _) = await proxy.ConnectAsync("one", $"{Host}:{_target.Port}");
        using var held = client;
        await EchoAsync(client);
        proxy.Time.Advance(TimeSpan.FromSeconds(60));

        Assert.Null(await client.ReadToEndAsync());
        Assert.Equal(EgressVerdicts.TimeLimit, (await ProxyHarness.OnlyAsync(grant)).Verdict);
    }

    [Fact]
    public async Task Tunnel_BytesUsedUp_IsCutAndSoIsTheNext()
    {
        await using var proxy = await StartAsync(("MaxMiB", "1"));
        var grant = proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        for (var i = 0; i < 2; i++)
        {
            var (client, _) = await proxy.ConnectAsync("one", $"{Host}:{_target.Port}");
            using var held = client;
            var sending = SendAsync(client, new byte[4 << 20]);
            Assert.True(await client.ReadToEndAsync() is null or { Length: <= 1 << 20 });
            await sending;
        }

        await Poll.UntilAsync(() => grant.Log.View().Connections is [{ Verdict: EgressVerdicts.ByteLimit }, { Verdict: EgressVerdicts.ByteLimit, BytesUp: 0 }]);
        var all = grant.Log.View();
        Assert.InRange(all.BytesUp + all.BytesDown, 1, 1 << 20);
    }

    [Fact]
    public async Task Connect_MoreAtOnceThanAllowed_IsRefusedUntilOneEnds()
    {
        await using var proxy = await StartAsync(("MaxConnections", "2"));
        var grant = proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        var other = proxy.Allow("two", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        var (first, _) = await proxy.ConnectAsync("one", $"{Host}:{_target.Port}");
        var (second, _) = await proxy.ConnectAsync("one", $"{Host}:{_target.Port}");
        using var held = second;

        Assert.Contains("connection_limit", (await AskAsync(proxy, "one")), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(proxy, "two"), StringComparison.Ordinal);
        first.Dispose();
        await Poll.UntilAsync(() => grant.Log.View().Connections[0].Verdict != EgressVerdicts.Open);
        await Poll.UntilAsync(async () => (await AskAsync(proxy, "one")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
        Assert.NotEqual(0, other.Log.Total);
    }

    [Fact]
    public async Task Connect_MoreInAllThanAllowed_IsRefused()
    {
        await using var proxy = await StartAsync(("MaxConnectionsInAll", "3"));
        proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        for (var i = 0; i < 3; i++)
        {
            Assert.StartsWith("HTTP/1.1 200", await AskAsync(proxy, "one"), StringComparison.Ordinal);
        }

        Assert.Contains("connection_limit", await AskAsync(proxy, "one"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_AThousandAtOnce_AllPassAndAllAreCounted()
    {
        await using var proxy = await StartAsync(("MaxConnections", "200"));
        var grants = Enumerable.Range(0, 10).Select(i => proxy.Allow($"s{i}", EgressProxyTests.Rule(Host, _target.Port, tls: false))).ToList();
        var clients = await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => proxy.ConnectAsync($"s{i % 10}", $"{Host}:{_target.Port}", from: $"127.0.1.{1 + (i % 10)}")));

        Assert.All(clients, c => Assert.StartsWith("HTTP/1.1 200", c.Answer, StringComparison.Ordinal));
        await Task.WhenAll(clients.Select(c => EchoAsync(c.Client)));
        foreach (var (client, _) in clients)
        {
            client.Dispose();
        }

        await Poll.UntilAsync(() => grants.TrueForAll(g => g.Log.View().Connections.All(c => c.Verdict == EgressVerdicts.Closed)));
        Assert.All(grants, g => Assert.Equal((100L, 100, 400L, 400L), (g.Log.Total, g.Log.View().Connections.Count, g.Log.View().BytesUp, g.Log.View().BytesDown)));
    }

    [Fact]
    public async Task Connect_MoreThanTheListHolds_AreCountedByVerdict()
    {
        var grant = _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        for (var i = 0; i < 103; i++)
        {
            await AskAsync(_proxy, "one", i == 102 ? "b.example.test:1" : $"{Host}:{_target.Port}");
        }

        await Poll.UntilAsync(() => !grant.Log.View().NotListed.ContainsKey(EgressVerdicts.Open));
        var all = grant.Log.View();
        Assert.Equal(100, all.Connections.Count);
        Assert.Equal(3, all.NotListed.Values.Sum());
        Assert.Equal(1, all.NotListed[EgressVerdicts.HostNotAllowed]);
    }

    [Fact]
    public async Task Connect_OneSourceHoldsTooMany_OthersStillGetThrough()
    {
        var held = new List<ProxyClient>();
        for (var i = 0; i < 300; i++)
        {
            held.Add(await _proxy.OpenAsync("127.0.2.1"));
        }

        _proxy.Allow("one", EgressProxyTests.Rule(Host, _target.Port, tls: false));
        Assert.StartsWith("HTTP/1.1 200", await AskAsync(_proxy, "one"), StringComparison.Ordinal);
        var closed = 0;
        await Poll.UntilAsync(() => (closed = held.Count(c => c.Socket.Poll(0, SelectMode.SelectRead))) >= 44);
        Assert.Equal(44, closed);
        held.ForEach(c => c.Dispose());
    }

    private static async Task<ProxyHarness> StartAsync(params (string, string)[] settings)
    {
        var proxy = await ProxyHarness.StartAsync(settings);
        proxy.Name(Host, "127.0.0.1");
        return proxy;
    }

    private async Task<ProxyClient> TunnelAsync()
    {
        var (client, answer) = await _proxy.ConnectAsync("one", $"{Host}:{_target.Port}");
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        return client;
    }

    private async Task<string> AskAsync(ProxyHarness proxy, string id, string? target = null)
    {
        var (client, answer) = await proxy.ConnectAsync(id, target ?? $"{Host}:{_target.Port}");
        client.Dispose();
        return answer;
    }

    // The proxy counts bytes after it has passed them on.
    private async Task AdvanceAsync(TimeSpan by)
    {
        await Poll.UntilAsync(() => _proxy.Time.IsArmed(TimeSpan.FromSeconds(120)));
        _proxy.Time.Advance(by);
    }

    private static async Task EchoAsync(ProxyClient client)
    {
        await client.Stream.WriteAsync("ping"u8.ToArray());
        var echo = new byte[4];
        await client.Stream.ReadExactlyAsync(echo);
        Assert.Equal("ping"u8.ToArray(), echo);
    }

    private static async Task SendAsync(ProxyClient client, byte[] bytes)
    {
        try
        {
            await client.Stream.WriteAsync(bytes);
        }
        catch (IOException)
        {
            // Cut while sending.
        }
    }
}
