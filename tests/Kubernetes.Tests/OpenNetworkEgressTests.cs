using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Tests.Support;
using Actors.Verification.Network;
using Actors.Verification.Policy;
using Microsoft.Extensions.DependencyInjection;

namespace Actors.Kubernetes.Tests;

/// <summary>A pod that uses the proxy. It needs a way from pods to this machine; isolation is not what is looked at here.</summary>
[Collection(ClusterCollectionDefinition.Name)]
[Trait("Network", "bridge")]
public sealed class OpenNetworkEgressTests(ClusterFixture cluster)
{
    private const string Host = "a.example.test";
    private const string Greeting = "hello from outside";

    // The node's end of the pods' network of eng/cluster.sh.
    private const string Node = "10.77.0.1";

    // The head of a request only, so that nothing is sent before the tunnel is there; the target speaks first.
    private const string Connect = """
        to() {
          p=${HTTPS_PROXY#http://}; at=${p##*@}; auth=$(printf %s "${p%@*}" | base64 | tr -d '\n')
          printf 'CONNECT %s HTTP/1.1\r\nHost: %s\r\nProxy-Authorization: Basic %s\r\n\r\n' "$1" "$1" "$auth" | nc -w 10 ${at%:*} ${at##*:} | tr -d '\r' | tr '\n' ' ' | tr -d '"'
        }

        """;

    [Theory]
    [InlineData(SandboxRuntime.Runc)]
    [InlineData(SandboxRuntime.Runsc)]
    public async Task Proxy_FromAPod_LeadsToTheAllowedHostAloneAndBothAreWrittenDown(SandboxRuntime runtime)
    {
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        var port = ((IPEndPoint)target.LocalEndpoint).Port;
        var greeted = GreetAsync(target);
        await using var runner = Runner(runtime);
        runner.Egress = [new EgressRule { Host = Host, Port = port, AllowPrivate = true, Tls = false }];
        runner.More = services => services.AddSingleton(new EgressDial((_, _) => Task.FromResult(new[] { IPAddress.Loopback }), EgressGuard.IsPublic, EgressGuard.IsPublicOrPrivate));
        await runner.BootAsync();
        var id = $"t-{Guid.NewGuid():N}";
        using var launched = await runner.LaunchAsync(id, Connect + Scripts.AfterHello(string.Create(CultureInfo.InvariantCulture, $"rd; ok \"$(to {Host}:{port})\"; rd; ok \"$(to b.example.test:{port})\"")));
        Assert.True(launched.StatusCode == HttpStatusCode.Created, await launched.Content.ReadAsStringAsync());

        var allowed = await TextAsync(runner, id, "c1");
        var refused = await TextAsync(runner, id, "c2");

        Assert.StartsWith("HTTP/1.1 200", allowed, StringComparison.Ordinal);
        Assert.EndsWith(Greeting, allowed.Trim(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", refused, StringComparison.Ordinal);
        await greeted;
        using var deleted = await runner.Http.DeleteAsync($"/runs/{id}");
        var connections = (await RunnerHarness.ReadAsync<SandboxView>(deleted)).Evidence.Egress!.Connections;
        Assert.Equal([(Host, EgressVerdicts.Closed, (long)Greeting.Length), ("b.example.test", EgressVerdicts.HostNotAllowed, 0)], connections.Select(c => (c.Host, c.Verdict, c.BytesDown)));
    }

    private RealRunner Runner(SandboxRuntime runtime)
    {
        using var free = new TcpListener(IPAddress.Any, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        return cluster.Runner(
            runtime,
            "--Actors:Runner:Isolation:Required=false",
            "--Actors:Runner:Egress:NetworkPolicies=true",
            "--Actors:Runner:Egress:Url=http://0.0.0.0:" + port,
            $"--Actors:Runner:Egress:ProxyAddress={Node}:{port}");
    }

    private static async Task GreetAsync(TcpListener target)
    {
        using var client = await target.AcceptTcpClientAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Greeting));
    }

    private static async Task<string> TextAsync(RealRunner runner, string id, string call)
    {
        await runner.PutAsync(id, call);
        var answer = await runner.GetAsync<CallView>($"/runs/{id}/calls/{call}?wait=60");
        Assert.True(answer.Status == CallStatus.Result, $"{answer.Status} {answer.Error}");
        return answer.Result!.Value.GetProperty("text").GetString()!;
    }
}
