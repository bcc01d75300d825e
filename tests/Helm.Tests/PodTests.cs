using YamlDotNet.RepresentationModel;
using static Actors.Helm.Tests.Manifest;

namespace Actors.Helm.Tests;

public sealed class PodTests
{
    public static TheoryData<string> Shapes => ["sqlite", "postgresql"];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Pods_AreAtTheRestrictedLevel(string shape)
    {
        var pods = Pods(shape, "test.tokenSecret.name=caller");
        Assert.Equal(3, pods.Count);
        Assert.All(pods, pod =>
        {
            Assert.Equal("true", Text(pod.PodSpec, "securityContext", "runAsNonRoot"));
            Assert.Equal("RuntimeDefault", Text(pod.PodSpec, "securityContext", "seccompProfile", "type"));
            Assert.Equal("false", Text(pod.Container, "securityContext", "allowPrivilegeEscalation"));
            Assert.Equal("true", Text(pod.Container, "securityContext", "readOnlyRootFilesystem"));
            Assert.Equal(["ALL"], Texts(At(pod.Container, "securityContext", "capabilities", "drop")));
            Assert.Null(At(pod.Container, "securityContext", "privileged"));
            Assert.All(new[] { "hostNetwork", "hostPID", "hostIPC" }, name => Assert.Null(At(pod.PodSpec, name)));
            Assert.DoesNotContain(Items(At(pod.PodSpec, "volumes")), v => At(v, "hostPath") is not null);
            Assert.NotNull(Text(pod.Container, "resources", "limits", "memory"));
            Assert.NotNull(Text(pod.Container, "resources", "limits", "cpu"));
        });
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Pods_OnlyTheRunnerHasATokenOfTheCluster(string shape)
    {
        var mounted = Pods(shape, "test.tokenSecret.name=caller").Where(p => Text(p.PodSpec, "automountServiceAccountToken") != "false");
        Assert.Equal(["actors-runner"], mounted.Select(p => p.Name));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Secrets_AreInFilesOnly(string shape)
    {
        Assert.All(Pods(shape), pod =>
        {
            Assert.Null(At(pod.Container, "args"));
            Assert.DoesNotContain("secretKeyRef", Scalars(pod.Container));
            Assert.Null(At(pod.Container, "envFrom"));
            Assert.All(Items(At(pod.PodSpec, "volumes")).Select(v => At(v, "secret")).OfType<YamlNode>(), s => Assert.Equal("0400", Text(s, "defaultMode")));
        });
    }

    [Fact]
    public void Silo_WithSqlite_IsAStatefulSetOnItsOwnVolume()
    {
        var silo = Pods("sqlite").Single(p => p.Name == "actors-silo");
        Assert.Equal(("StatefulSet", "1"), (silo.Kind, silo.Text("spec", "replicas")));
        Assert.Single(Items(silo.At("spec", "volumeClaimTemplates")));
        Assert.Equal("/var/lib/actors/actors.db", silo.Env["ACTORS__SILO__DATABASE"]);
    }

    [Fact]
    public void Silo_WithPostgresql_IsADeploymentThatNeverShrinksInAnUpgrade()
    {
        var silo = Pods("postgresql").Single(p => p.Name == "actors-silo");
        Assert.Equal(("Deployment", "3"), (silo.Kind, silo.Text("spec", "replicas")));
        Assert.Equal("0", silo.Text("spec", "strategy", "rollingUpdate", "maxUnavailable"));
        Assert.NotNull(At(silo.PodSpec, "affinity", "podAntiAffinity"));
        Assert.Equal("/etc/actors/database/password", silo.Env["ACTORS__SILO__DATABASEPASSWORDFILE"]);
    }

    [Fact]
    public void Runner_IsOneOnItsJournal()
    {
        var runner = Pods("postgresql").Single(p => p.Name == "actors-runner");
        Assert.Equal(("StatefulSet", "1"), (runner.Kind, runner.Text("spec", "replicas")));
        Assert.Single(Items(runner.At("spec", "volumeClaimTemplates")));
        Assert.Equal(("kubernetes", "actors-runs"), (runner.Env["ACTORS__RUNNER__DRIVER"], runner.Env["ACTORS__RUNNER__KUBERNETES__NAMESPACE"]));
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Probes_AskHealthAndReadiness(string shape) => Assert.All(Pods(shape), pod =>
    {
        Assert.Equal("/healthz", Text(pod.Container, "livenessProbe", "httpGet", "path"));
        Assert.Equal("/readyz", Text(pod.Container, "readinessProbe", "httpGet", "path"));
        Assert.Equal("/healthz", Text(pod.Container, "startupProbe", "httpGet", "path"));
    });

    [Fact]
    public void Images_WithDigests_AreByDigest()
    {
        var digest = "sha256:" + new string('a', 64);
        var pods = Chart.Render([.. Chart.Least, "image.siloDigest=" + digest, "image.runnerDigest=" + digest]).Where(m => m.IsWorkload);
        Assert.Equal(["registry.example/actors/runner@" + digest, "registry.example/actors/silo@" + digest], pods.Select(p => Text(p.Container, "image")!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void HostNetwork_ListensOnLoopbackOnly()
    {
        var pods = Chart.Render([.. Chart.Least, "hostNetwork=true"]).Where(m => m.IsWorkload).ToList();
        Assert.All(pods, p => Assert.Contains(p.Env, e => e.Key.EndsWith("__URL", StringComparison.Ordinal) && e.Value.StartsWith("http://127.0.0.1:", StringComparison.Ordinal)));
        Assert.All(pods, p => Assert.DoesNotContain("ACTORS__RUNNER__ALLOWNONLOOPBACK", p.Env.Keys));
        Assert.All(pods, p => Assert.Equal("127.0.0.1", Text(p.Container, "readinessProbe", "httpGet", "host")));
    }

    private static List<Manifest> Pods(string shape, params string[] more) =>
        [.. Chart.Render([.. shape == "sqlite" ? Chart.Least : Chart.Postgresql, .. more]).Where(m => m.IsWorkload || m.Kind == "Pod")];
}
