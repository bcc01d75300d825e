using YamlDotNet.RepresentationModel;
using static Actors.Helm.Tests.Manifest;

namespace Actors.Helm.Tests;

public sealed class BoundaryTests
{
    [Fact]
    public void RunnersRole_IsExactlyThis()
    {
        var all = Chart.Render(Chart.Postgresql);
        var role = Assert.Single(all, m => m.Kind is "Role" or "ClusterRole");
        Assert.Equal(("Role", "actors-runs"), (role.Kind, role.Namespace));
        Assert.Equal(
            [
                "/pods: get list watch create patch delete",
                "/pods/log: get",
                "/pods/attach: get create",
                "/events: get list watch",
                "/secrets: create delete",
                "networking.k8s.io/networkpolicies: list",
            ],
            Items(role.At("rules")).Select(r => $"{Texts(At(r, "apiGroups")).Single()}/{Texts(At(r, "resources")).Single()}: {string.Join(' ', Texts(At(r, "verbs")))}"));

        var binding = Assert.Single(all, m => m.Kind is "RoleBinding" or "ClusterRoleBinding");
        Assert.Equal("actors-runs", binding.Namespace);
        var subject = Assert.Single(Items(binding.At("subjects")));
        Assert.Equal(("ServiceAccount", "actors-runner", "prod"), (Text(subject, "kind"), Text(subject, "name"), Text(subject, "namespace")));
    }

    [Fact]
    public void RunNamespace_IsRestrictedAndClosed()
    {
        var all = Chart.Render(Chart.Least);
        var space = Assert.Single(all, m => m.Kind == "Namespace");
        Assert.Equal("actors-runs", space.Name);
        Assert.Equal("restricted", space.Text("metadata", "labels", "pod-security.kubernetes.io/enforce"));

        var deny = Assert.Single(all, m => m.Kind == "NetworkPolicy" && m.Namespace == "actors-runs");
        Assert.Equal(["Ingress", "Egress"], Texts(deny.At("spec", "policyTypes")));
        Assert.Empty(Scalars(deny.At("spec", "podSelector")));
        Assert.Null(deny.At("spec", "ingress"));
        Assert.Null(deny.At("spec", "egress"));

        var quota = Assert.Single(all, m => m.Kind == "ResourceQuota");
        Assert.Equal(("actors-runs", "68", "0"), (quota.Namespace, quota.Text("spec", "hard", "pods"), quota.Text("spec", "hard", "services")));
        Assert.Equal("0", quota.Text("spec", "hard", "persistentvolumeclaims"));
        Assert.Single(all, m => m.Kind == "LimitRange" && m.Namespace == "actors-runs");
    }

    [Fact]
    public void Runner_IsReachedBySilosOnly()
    {
        var all = Chart.Render(Chart.Least);
        var policy = Assert.Single(all, m => m.Kind == "NetworkPolicy" && m.Name == "actors-runner");
        var rule = Assert.Single(Items(policy.At("spec", "ingress")));
        var from = Assert.Single(Items(At(rule, "from")));
        Assert.Equal("silo", Text(from, "podSelector", "matchLabels", "app.kubernetes.io/component"));
        Assert.Contains("169.254.0.0/16", Scalars(policy.At("spec", "egress")));
        Assert.All(all.Where(m => m.Kind == "Service"), s => Assert.Equal("ClusterIP", s.Text("spec", "type")));
    }

    [Theory]
    [InlineData("32", "32Gi", "64Gi", "32800m", "34628173824", "68797071360")]
    [InlineData("1500m", "1.5Gi", "1G", "2300m", "1879048192", "1077594624")]
    public void Quota_HasRoomForProbesBesideAFullHouse(string cpu, string memory, string storage, string cpuInAll, string memoryInAll, string storageInAll)
    {
        var quota = Chart.Render([.. Chart.Least, "runs.quota.cpu=" + cpu, "runs.quota.memory=" + memory, "runs.quota.ephemeralStorage=" + storage]).Single(m => m.Kind == "ResourceQuota");

        Assert.Equal((cpuInAll, memoryInAll, storageInAll), (quota.Text("spec", "hard", "limits.cpu"), quota.Text("spec", "hard", "limits.memory"), quota.Text("spec", "hard", "limits.ephemeral-storage")));
        Assert.Equal((cpuInAll, memoryInAll, storageInAll), (quota.Text("spec", "hard", "requests.cpu"), quota.Text("spec", "hard", "requests.memory"), quota.Text("spec", "hard", "requests.ephemeral-storage")));
    }

    [Fact]
    public void ApiServer_ElsewhereOrOnAnotherPort_IsAllThatIsOpenedForIt()
    {
        var plain = ApiRule(Chart.Least);
        Assert.Equal(["443", "6443"], Items(At(plain, "ports")).Select(p => Text(p, "port")));
        Assert.Equal("0.0.0.0/0", Text(Assert.Single(Items(At(plain, "to"))), "ipBlock", "cidr"));
        Assert.Contains("169.254.0.0/16", Scalars(plain));

        var set = ApiRule([.. Chart.Least, "runner.apiServer.ports[0]=16443", "runner.apiServer.cidrs[0]=10.0.0.5/32", "runner.apiServer.cidrs[1]=fd00::5/128"]);
        Assert.Equal(["16443"], Items(At(set, "ports")).Select(p => Text(p, "port")));
        Assert.Equal(["10.0.0.5/32", "fd00::5/128"], Items(At(set, "to")).Select(t => Text(t, "ipBlock", "cidr")));
    }

    private static YamlNode ApiRule(IEnumerable<string> values) =>
        Items(Chart.Render(values).Single(m => m.Kind == "NetworkPolicy" && m.Name == "actors-runner").At("spec", "egress")).ElementAt(1);

    [Fact]
    public void Egress_WhenOn_OpensTheProxyToRunsAndPoliciesToTheRunner()
    {
        var all = Chart.Render([.. Chart.Least, "egress.enabled=true"]);
        var rule = Items(all.Single(m => m.Kind == "Role").At("rules")).Last();
        Assert.Equal("networkpolicies: get list create patch delete", $"{Texts(At(rule, "resources")).Single()}: {string.Join(' ', Texts(At(rule, "verbs")))}");

        var ingress = Items(all.Single(m => m.Kind == "NetworkPolicy" && m.Name == "actors-runner").At("spec", "ingress")).ToList();
        Assert.Equal(2, ingress.Count);
        var from = Assert.Single(Items(At(ingress[1], "from")));
        Assert.Equal("actors", Text(from, "namespaceSelector", "matchLabels", "actors.dev/runs-of"));
        Assert.Equal("actors", all.Single(m => m.Kind == "Namespace").Text("metadata", "labels", "actors.dev/runs-of"));
        Assert.Equal("$(POD_IP):7432", all.Single(m => m.IsWorkload && m.Name == "actors-runner").Env["ACTORS__RUNNER__EGRESS__PROXYADDRESS"]);
    }

    [Fact]
    public void Ingress_LeadsToMcpOnly()
    {
        var ingress = Chart.Render([.. Chart.Least, "ingress.enabled=true", "ingress.host=actors.example"]).Single(m => m.Kind == "Ingress");
        Assert.Equal(["/mcp"], Paths(ingress));

        var oauth = Chart.Render([.. Chart.Least, "ingress.enabled=true", "ingress.host=actors.example", "silo.access.oauth.issuer=https://issuer.example"]);
        Assert.Equal(["/mcp", "/.well-known/oauth-protected-resource"], Paths(oauth.Single(m => m.Kind == "Ingress")));
        Assert.DoesNotContain(Chart.Render(Chart.Least), m => m.Kind == "Ingress");
    }

    [Theory]
    [InlineData("1.20.2", "policy/v1beta1", "autoscaling/v2beta2")]
    [InlineData("1.22.0", "policy/v1", "autoscaling/v2beta2")]
    [InlineData("1.35.0", "policy/v1", "autoscaling/v2")]
    public void ApiVersions_FitTheCluster(string version, string budget, string scaler)
    {
        var all = Chart.Render([.. Chart.Postgresql, "silo.autoscaling.enabled=true"], version);
        Assert.Equal(budget, all.Single(m => m.Kind == "PodDisruptionBudget").Text("apiVersion"));
        Assert.Equal(scaler, all.Single(m => m.Kind == "HorizontalPodAutoscaler").Text("apiVersion"));
        Assert.Null(all.Single(m => m.Kind == "Deployment").At("spec", "replicas"));
    }

    private static IEnumerable<string> Paths(Manifest ingress) =>
        Items(At(Assert.Single(Items(ingress.At("spec", "rules"))), "http", "paths")).Select(p => Text(p, "path")!);
}
