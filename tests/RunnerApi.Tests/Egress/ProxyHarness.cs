using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Egress;
using Actors.Testing;
using Actors.Verification.Network;
using Actors.Verification.Policy;
using Microsoft.Extensions.Logging.Abstractions;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>The real proxy on a free port, with names of the test's own.</summary>
internal sealed class ProxyHarness : IAsyncDisposable
{
    public const string Password = "correct-horse-battery-staple";

    private readonly ConcurrentDictionary<string, Func<IPAddress[]>> _names = new(StringComparer.Ordinal);
    private readonly EgressOptions _options;

    private ProxyHarness(EgressOptions options)
    {
        _options = options;
        var dial = new EgressDial(ResolveAsync, EgressGuard.IsPublic, EgressGuard.IsPublicOrPrivate);
        Proxy = new EgressProxy(Grants, options, dial, Time, NullLogger<EgressProxy>.Instance);
    }

    public FakeTimeProvider Time { get; } = new();

    public EgressGrants Grants { get; } = new();

    public EgressProxy Proxy { get; }

    /// <summary>Names that were asked for, in order.</summary>
    public ConcurrentQueue<string> Resolved { get; } = new();

    public static async Task<ProxyHarness> StartAsync(params (string Key, string Value)[] settings)
    {
        var harness = new ProxyHarness(Options(settings));
        await harness.Proxy.StartAsync(CancellationToken.None);
        return harness;
    }

    public static EgressOptions Options(params (string Key, string Value)[] settings)
    {
        var all = settings.Prepend(("Url", "http://127.0.0.1:0")).DistinctBy(s => s.Item1).ToDictionary(s => s.Item1, s => s.Item2, StringComparer.Ordinal);
        var reader = new SettingsReader(EgressOptions.Section, all.GetValueOrDefault);
        var options = EgressOptions.Read(reader);
        SettingsReader.ThrowOnFaults(reader);
        return options;
    }

    public void Name(string name, params string[] addresses) => _names[name] = () => Array.ConvertAll(addresses, IPAddress.Parse);

    public void Name(string name, Func<IPAddress[]> addresses) => _names[name] = addresses;

    public EgressGrant Allow(string id, params EgressRule[] rules)
    {
        var grant = new EgressGrant(id, Password + id, rules, _options, new EgressLog(Time, _ => { }));
        Grants.Add(grant);
        return grant;
    }

    public async Task<ProxyClient> OpenAsync(string from = "127.0.0.1")
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        await socket.ConnectAsync(Proxy.Address!);
        return new ProxyClient(socket);
    }

    /// <summary>Asks for a target as a sandbox; gives the client and the answer's head.</summary>
    public async Task<(ProxyClient Client, string Answer)> ConnectAsync(string id, string target, string from = "127.0.0.1")
    {
        var client = await OpenAsync(from);
        return (client, await client.RequestAsync($"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: {Basic(id)}\r\n\r\n"));
    }

    public static string Basic(string id, string? password = null) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{password ?? Password + id}"));

    /// <summary>The one connection that was written down, once it has ended.</summary>
    public static async Task<EgressConnection> OnlyAsync(EgressGrant grant)
    {
        await Poll.UntilAsync(() => grant.Log.View().Connections is [{ Verdict: not EgressVerdicts.Open }]);
        return grant.Log.View().Connections[0];
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.StopAsync(CancellationToken.None);
        Proxy.Dispose();
    }

    private Task<IPAddress[]> ResolveAsync(string name, CancellationToken cancellationToken)
    {
        Resolved.Enqueue(name);
        return _names.TryGetValue(name, out var addresses) ? Task.FromResult(addresses()) : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}

/// <summary>A raw client of the proxy.</summary>
internal sealed class ProxyClient(Socket socket) : IDisposable
{
    public Socket Socket => socket;

    public NetworkStream Stream { get; } = new(socket, ownsSocket: true);

    /// <summary>Sends a request and reads the head of the answer, body included when the proxy closes.</summary>
    public async Task<string> RequestAsync(string request)
    {
        await Stream.WriteAsync(Encoding.Latin1.GetBytes(request));
        return await AnswerAsync();
    }

    public async Task<string> AnswerAsync()
    {
        var text = new StringBuilder();
        var one = new byte[1];
        while (!(text.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && text.ToString().StartsWith("HTTP/1.1 200", StringComparison.Ordinal)))
        {
            if (await Stream.ReadAsync(one) == 0)
            {
                break;
            }

            text.Append((char)one[0]);
        }

        return text.ToString();
    }

    /// <summary>Reads until the end; null when the connection was reset.</summary>
    public async Task<byte[]?> ReadToEndAsync()
    {
        using var all = new MemoryStream();
        try
        {
            await Stream.CopyToAsync(all);
            return all.ToArray();
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => Stream.Dispose();
}
