using System.Net;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;
using EgressRule = Actors.Verification.Policy.EgressRule;

namespace Actors.Kubernetes.Tests;

/// <summary>Network policies as the API server keeps them.</summary>
[Collection(ClusterCollectionDefinition.Name)]
public sealed class KubernetesEgressTests(ClusterFixture cluster)
{
    private static readonly IPEndPoint s_proxy = new(IPAddress.Parse("10.9.8.7"), 7432);
    private static readonly EgressRule[] s_rules = [new() { Cidr = "203.0.113.0/24", Port = 5432, Tls = false }, new() { Host = "api.example.com", Port = 443 }];

    [Fact]
    public async Task Open_RulesAndProxy_IsAPolicyOfJustThatForJustThisPod()
    {
        using var egress = NewEgress();
        var id = "egress-" + Guid.NewGuid().ToString("N");
        await egress.OpenAsync(id, s_rules, s_proxy, CancellationToken.None);
        await egress.OpenAsync(id, s_rules, s_proxy, CancellationToken.None);
        using var client = cluster.NewClient();

        var kept = Assert.Single(await client.ListNetworkPoliciesAsync("actors.dev/purpose=egress", CancellationToken.None), p => p.Metadata.Annotations!["actors.dev/id"] == id);

        Assert.Equal(["Egress", "Ingress"], kept.Spec.PolicyTypes.Order(StringComparer.Ordinal));
        Assert.Equal(
            ["10.9.8.7/32 TCP 7432", "203.0.113.0/24 TCP 5432"],
            kept.Spec.Egress!.Select(e => $"{Assert.Single(e.To).IpBlock!.Cidr} {Assert.Single(e.Ports).Protocol} {e.Ports[0].Port}").Order(StringComparer.Ordinal));
        var driver = cluster.NewDriver();
        await driver.CreateAsync(Spec(id), CancellationToken.None);
        var label = Assert.Single(kept.Spec.PodSelector.MatchLabels!);
        Assert.Equal(["actors-" + id], (await client.ListPodsAsync($"{label.Key}={label.Value}", CancellationToken.None)).Pods.Select(p => p.Metadata.Name));

        await driver.StopAsync(id, CancellationToken.None);
        Assert.Contains((await egress.ListAsync(CancellationToken.None)), o => o.Id == id);
        await egress.CloseAsync(id, CancellationToken.None);
        await egress.CloseAsync(id, CancellationToken.None);
        Assert.DoesNotContain((await egress.ListAsync(CancellationToken.None)), o => o.Id == id);
    }

    [Fact]
    public async Task Open_ProxyInPods_NamesThemByTheirLabels()
    {
        using var egress = new KubernetesEgress(cluster.NewClient(), cluster.Options, Options(("ProxyNamespace", "actors"), ("ProxyPods", "app.kubernetes.io/component=runner,a=b")));
        await egress.OpenAsync("labels", s_rules[1..], s_proxy, CancellationToken.None);
        using var client = cluster.NewClient();

        var kept = (await client.ListNetworkPoliciesAsync("actors.dev/purpose=egress", CancellationToken.None)).Single(p => p.Metadata.Annotations!["actors.dev/id"] == "labels");
        await egress.CloseAsync("labels", CancellationToken.None);

        var peer = Assert.Single(Assert.Single(kept.Spec.Egress!).To);
        Assert.Null(peer.IpBlock);
        Assert.Equal("actors", peer.NamespaceSelector!.MatchLabels!["kubernetes.io/metadata.name"]);
        Assert.Equal(2, peer.PodSelector!.MatchLabels!.Count);
    }

    [Fact]
    public async Task List_PoliciesOfOthers_AreNotOurs()
    {
        using var other = new KubernetesEgress(cluster.NewClient(), cluster.Options with { Instance = "other" }, Options());
        using var egress = NewEgress();
        await other.OpenAsync("theirs", s_rules, s_proxy, CancellationToken.None);

        Assert.DoesNotContain(await egress.ListAsync(CancellationToken.None), o => o.Id == "theirs");
        await egress.CloseAsync("theirs", CancellationToken.None);
        Assert.Contains(await other.ListAsync(CancellationToken.None), o => o.Id == "theirs");
        await other.CloseAsync("theirs", CancellationToken.None);
    }

    [Fact]
    public async Task Open_NamespaceThatIsNotThere_IsATypedFailure()
    {
        using var egress = new KubernetesEgress(cluster.NewClient("actors-not-there"), cluster.Options, Options());

        await Assert.ThrowsAsync<SandboxException>(() => egress.OpenAsync("x", s_rules, s_proxy, CancellationToken.None));
    }

    private KubernetesEgress NewEgress() => new(cluster.NewClient(), cluster.Options, Options());

    private static EgressOptions Options(params (string Key, string Value)[] settings)
    {
        var all = settings.Append(("NetworkPolicies", "true")).ToDictionary(s => s.Item1, s => s.Item2, StringComparer.Ordinal);
        return EgressOptions.Read(new Actors.RunnerApi.Contracts.Configuration.SettingsReader(EgressOptions.Section, all.GetValueOrDefault));
    }

    private SandboxSpec Spec(string id) => new()
    {
        Id = id,
        Reference = cluster.Image,
        InsecureRegistry = true,
        Args = ["/bin/busybox", "cat"],
        Runtime = "runc",
        CpuMillis = 100,
        MemoryBytes = 32 << 20,
        Pids = 32,
        Lifetime = TimeSpan.FromMinutes(2),
        OutputBytes = 1 << 20,
    };
}
