using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Actors.Verification.Network;
using Actors.Verification.Policy;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>The way out as part of a sandbox' life, through the runner's own endpoints.</summary>
public sealed class SandboxEgressTests : IAsyncDisposable
{
    private const string Host = "a.example.test";

    private readonly TargetServer _target = new();
    private readonly FakeNetwork _network = new();

    public ValueTask DisposeAsync() => _target.DisposeAsync();

    [Fact]
    public async Task Launch_ProfileWithEgress_OpensBeforeTheContainerAndClosesAfterIt()
    {
        await using var runner = await StartAsync();
        _network.HasContainer = id => runner.Driver.Find(id) is not null;

        await runner.LaunchAsync("box", Scripts.Echo);
        using var deleted = await runner.Http.DeleteAsync("/runs/box");

        Assert.Equal(["open box 1 proxy", "close box"], _network.Log);
    }

    [Fact]
    public async Task Sandbox_UsesItsProxy_AllIsToldAndItsCredentialNever()
    {
        await using var runner = await StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd; printf '%s\\n' \"$HTTPS_PROXY\" >&2; ok \"$HTTPS_PROXY\""));
        var proxy = ProxyOf(runner, "box");
        using (var client = await TunnelAsync(proxy))
        {
            await EchoAsync(client);
            await runner.PutAsync("box", "c1");
            var result = (await runner.AnswerAsync("box", "c1")).Result!.Value.GetProperty("text").GetString();
            var open = Assert.Single((await runner.ViewAsync("box")).Evidence.Egress!.Connections);

            Assert.Equal($"http://{SecretScrubber.Mask}@{proxy.Authority}", result);
            Assert.Equal((Host, _target.Port, "127.0.0.1", EgressVerdicts.Open, 4L), (open.Host, open.Port, open.Address, open.Verdict, open.BytesUp));
            using var deleted = await runner.Http.DeleteAsync("/runs/box");
            var last = await RunnerHarness.ReadAsync<SandboxView>(deleted);
            Assert.Equal(EgressVerdicts.SandboxEnded, Assert.Single(last.Evidence.Egress!.Connections).Verdict);
            Assert.DoesNotContain(PasswordOf(proxy), last.Evidence.StderrTail, StringComparison.Ordinal);
            Assert.Null(await client.ReadToEndAsync());
        }

        Assert.StartsWith("HTTP/1.1 407", await AskAsync(proxy), StringComparison.Ordinal);
        Assert.DoesNotContain(PasswordOf(proxy), runner.Logs.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sandbox_EndsByItself_ItsTunnelsAreCut()
    {
        await using var runner = await StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("gate; exit 0"));
        await runner.WhenAsync("box", SandboxPhase.Ready);
        using var client = await TunnelAsync(ProxyOf(runner, "box"));
        await EchoAsync(client);

        runner.OpenGate();

        Assert.Null(await client.ReadToEndAsync());
        var view = await runner.WhenAsync("box", SandboxPhase.Exited);
        Assert.Equal(EgressVerdicts.SandboxEnded, Assert.Single(view.Evidence.Egress!.Connections).Verdict);
    }

    [Fact]
    public async Task Runner_StartsAnew_TheCredentialHoldsAndNothingIsForgotten()
    {
        await using var runner = await StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        await runner.WhenAsync("box", SandboxPhase.Ready);
        var before = ProxyOf(runner, "box");
        using (var client = await TunnelAsync(before))
        {
            await EchoAsync(client);
            await Poll.UntilAsync(() => File.Exists(JournalOf(runner, "egress.json")));
            await runner.RestartAsync();
        }

        var after = runner.Service<EgressProxy>().Address!;
        using (var client = await TunnelAsync(new Uri($"http://{before.UserInfo}@{after}")))
        {
            await EchoAsync(client);
        }

        await Poll.UntilAsync(async () => (await runner.ViewAsync("box")).Evidence.Egress!.Connections is [{ Verdict: EgressVerdicts.RunnerEnded, Host: Host, BytesUp: 4 }, { Verdict: EgressVerdicts.Closed }]);
        Assert.DoesNotContain(PasswordOf(before), File.ReadAllText(JournalOf(runner, "launch.json")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Launch_NetworkCannotBeOpened_NothingIsLaunched()
    {
        await using var runner = await StartAsync();
        _network.Fails = true;

        using var response = await runner.LaunchAsync(runner.Request("box", Scripts.Echo));

        await RunnerHarness.ProblemAsync(response, HttpStatusCode.BadGateway, ProblemCodes.EngineFailed);
        Assert.Null(runner.Driver.Find("box"));
        Assert.Null(runner.Service<EgressGrants>().Find("box"));
    }

    [Fact]
    public async Task Launch_ContainerCannotBeCreated_WhatWasOpenedIsClosed()
    {
        await using var runner = await StartAsync();
        runner.Driver.Failures["create"] = Actors.RunnerApi.Sandboxes.SandboxFault.StartFailed;

        using var response = await runner.LaunchAsync(runner.Request("box", Scripts.Echo));

        await RunnerHarness.ProblemAsync(response, HttpStatusCode.BadGateway, ProblemCodes.EngineFailed);
        Assert.Equal(["open box 1 proxy", "close box"], _network.Log);
        Assert.Null(runner.Service<EgressGrants>().Find("box"));
    }

    [Fact]
    public async Task Launch_EngineWithoutNetwork_IsRefusedWithTheFix()
    {
        await using var runner = await RunnerHarness.StartAsync("Egress:Url=http://127.0.0.1:0");
        runner.Gate.Egress = [EgressProxyTests.Rule(Host, 443)];

        await RefusedAsync(runner, "Driver=kubernetes");
    }

    [Fact]
    public async Task Launch_HostsWithoutAProxy_IsRefusedAndNetworksAreNot()
    {
        await using var runner = await RunnerHarness.StartAsync(services => services.AddSingleton<IEgressNetwork>(_network));
        runner.Gate.Egress = [EgressProxyTests.Rule(Host, 443)];
        await RefusedAsync(runner, "Actors:Runner:Egress:Url");

        runner.Gate.Egress = [new EgressRule { Cidr = "203.0.113.0/24", Port = 443, Tls = false }];
        await runner.LaunchAsync("direct", Scripts.Echo);

        Assert.Equal(["open direct 1 direct"], _network.Log);
        Assert.DoesNotContain("HTTPS_PROXY", runner.Driver.Find("direct")!.Spec.Env.Keys);
    }

    [Fact]
    public async Task Launch_WithoutEgress_GetsNoProxyAndNoCredential()
    {
        await using var runner = await StartAsync();
        runner.Gate.Egress = [];

        await runner.LaunchAsync("box", Scripts.Echo);

        Assert.DoesNotContain(runner.Driver.Find("box")!.Spec.Env.Keys, k => k.Contains("PROXY", StringComparison.OrdinalIgnoreCase));
        Assert.Null((await runner.ViewAsync("box")).Evidence.Egress);
        Assert.Empty(_network.Log);
    }

    [Fact]
    public async Task Launch_ThatSetsTheProxyItself_IsBadRequest()
    {
        await using var runner = await StartAsync();
        var request = runner.Request("box", Scripts.Echo) with { Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["https_proxy"] = "http://evil.test" } };

        using var response = await runner.LaunchAsync(request);

        await RunnerHarness.ProblemAsync(response, HttpStatusCode.BadRequest, ProblemCodes.BadRequest);
    }

    [Fact]
    public async Task Sweep_NetworkThatNoSandboxHas_IsClosed()
    {
        await using var runner = await StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        _network.Open["lost"] = DateTimeOffset.MinValue;
        _network.Open["young"] = DateTimeOffset.MaxValue;

        await runner.Registry.SweepAsync(CancellationToken.None);

        Assert.Equal(["box", "young"], _network.Open.Keys.Order(StringComparer.Ordinal));
    }

    private async Task<RunnerHarness> StartAsync()
    {
        var dial = new EgressDial((_, _) => Task.FromResult(new[] { IPAddress.Loopback }), EgressGuard.IsPublic, EgressGuard.IsPublicOrPrivate);
        var runner = await RunnerHarness.StartAsync(services => services.AddSingleton<IEgressNetwork>(_network).AddSingleton(dial), "Egress:Url=http://127.0.0.1:0");
        runner.Gate.Egress = [EgressProxyTests.Rule(Host, _target.Port, tls: false)];
        return runner;
    }

    private static async Task RefusedAsync(RunnerHarness runner, string fix)
    {
        using var response = await runner.LaunchAsync(runner.Request("box", Scripts.Echo));
        var problem = await RunnerHarness.ProblemAsync(response, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        Assert.Equal(RefusalCodes.EgressUnavailable, problem.GetProperty("decision").GetProperty("code").GetString());
        Assert.Contains(fix, problem.GetProperty("decision").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Null(runner.Driver.Find("box"));
    }

    private static string JournalOf(RunnerHarness runner, string file) => Path.Combine(runner.PathOf("state"), "sandboxes", "box", file);

    private static Uri ProxyOf(RunnerHarness runner, string id)
    {
        var env = runner.Driver.Find(id)!.Spec.Env;
        Assert.Equal(env["HTTPS_PROXY"], env["https_proxy"]);
        return new Uri(env["HTTPS_PROXY"]);
    }

    private static string PasswordOf(Uri proxy) => proxy.UserInfo.Split(':')[1];

    private async Task<(ProxyClient Client, string Answer)> ConnectAsync(Uri proxy)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(proxy.Host, proxy.Port);
        var client = new ProxyClient(socket);
        var credentials = Convert.ToBase64String(Encoding.ASCII.GetBytes(proxy.UserInfo));
        return (client, await client.RequestAsync($"CONNECT {Host}:{_target.Port} HTTP/1.1\r\nProxy-Authorization: Basic {credentials}\r\n\r\n"));
    }

    private async Task<ProxyClient> TunnelAsync(Uri proxy)
    {
        var (client, answer) = await ConnectAsync(proxy);
        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        return client;
    }

    private async Task<string> AskAsync(Uri proxy)
    {
        var (client, answer) = await ConnectAsync(proxy);
        client.Dispose();
        return answer;
    }

    private static async Task EchoAsync(ProxyClient client)
    {
        await client.Stream.WriteAsync("ping"u8.ToArray());
        await client.Stream.ReadExactlyAsync(new byte[4]);
    }
}
