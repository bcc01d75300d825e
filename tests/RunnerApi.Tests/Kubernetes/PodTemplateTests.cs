using System.Text.Json;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Tests.Kubernetes;

public sealed class PodTemplateTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly SandboxSpec Spec = new()
    {
        Id = "run-1",
        Reference = "registry.example/team/server@sha256:" + new string('a', 64),
        Args = ["--path", "$(TOKEN) $HOME"],
        Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = "hidden" },
        Runtime = "gvisor",
        CpuMillis = 500,
        MemoryBytes = 64 * 1024 * 1024,
        Pids = 10,
        Lifetime = TimeSpan.FromSeconds(59.5),
        OutputBytes = 1_000_000,
        Nodes = new NodePlacement(new Dictionary<string, string>(StringComparer.Ordinal) { ["pool"] = "sandboxes" }, [new NodeToleration("sandbox", "", "NoSchedule")])
        {
            Spread = [new NodeSpread("topology.kubernetes.io/zone", 2, Required: true), new NodeSpread("kubernetes.io/hostname", 1, Required: false)],
        },
    };

    [Fact]
    public void Build_AnySpec_FitsTheRestrictedPodSecurityLevel()
    {
        var spec = Built().Spec!;
        var container = Assert.Single(spec.Containers);

        Assert.False(spec.HostNetwork | spec.HostPID | spec.HostIPC | spec.AutomountServiceAccountToken | spec.EnableServiceLinks);
        Assert.All(spec.Volumes!, v => Assert.Equal("Memory", v.EmptyDir.Medium));
        Assert.Equal((true, 65532L, "RuntimeDefault"), (spec.SecurityContext!.RunAsNonRoot, spec.SecurityContext.RunAsUser, spec.SecurityContext.SeccompProfile.Type));
        var security = container.SecurityContext!;
        Assert.Equal((true, true, false, false), (security.RunAsNonRoot, security.ReadOnlyRootFilesystem, security.AllowPrivilegeEscalation, security.Privileged));
        Assert.Equal(["ALL"], security.Capabilities.Drop);
        Assert.Equal("RuntimeDefault", security.SeccompProfile.Type);
    }

    [Fact]
    public void Build_Limits_AreRequestsToo()
    {
        var resources = Assert.Single(Built().Spec!.Containers).Resources!;

        Assert.Equal(resources.Limits, resources.Requests);
        Assert.Equal(("500m", "67108864"), (resources.Limits["cpu"], resources.Limits["memory"]));
        Assert.Equal((2 * Spec.LogBytes) + (16 * 1024 * 1024), long.Parse(resources.Limits["ephemeral-storage"], provider: null));
    }

    [Fact]
    public void Build_WhatTheProfileSays_IsInThePod()
    {
        var spec = Built().Spec!;

        Assert.Equal("gvisor", spec.RuntimeClassName);
        Assert.Equal("sandboxes", spec.NodeSelector!["pool"]);
        Assert.Equal(new Toleration("sandbox", "Exists", null, "NoSchedule"), spec.Tolerations![^1]);
        Assert.All(spec.Tolerations.SkipLast(1), t => Assert.Equal(30, t.TolerationSeconds));
        Assert.Equal(
            [(2, "topology.kubernetes.io/zone", "DoNotSchedule"), (1, "kubernetes.io/hostname", "ScheduleAnyway")],
            spec.TopologySpreadConstraints!.Select(t => (t.MaxSkew, t.TopologyKey, t.WhenUnsatisfiable)));
        Assert.All(spec.TopologySpreadConstraints!, t => Assert.All(t.LabelSelector.MatchLabels!, l => Assert.Equal(l.Value, Built().Metadata.Labels![l.Key])));
        Assert.Equal(["a", "b"], spec.ImagePullSecrets!.Select(s => s.Name));
        Assert.Equal(120 + 60, spec.ActiveDeadlineSeconds);
        Assert.Null(PodTemplate.Build(Spec with { Runtime = "runc" }, Options, "s", Now).Spec!.RuntimeClassName);
    }

    [Fact]
    public void Build_Values_AreInTheSecretAlone()
    {
        var pod = Built() with { };
        var json = JsonSerializer.Serialize(pod, KubeJson.Default.Pod);

        Assert.DoesNotContain("hidden", json, StringComparison.Ordinal);
        Assert.DoesNotContain(Convert.ToBase64String("hidden"u8), json, StringComparison.Ordinal);
        Assert.Equal("$$(TOKEN) $$HOME", Assert.Single(pod.Spec!.Containers).Args![1]);

        var owner = pod with { Metadata = pod.Metadata with { Uid = "u" } };
        var secret = PodTemplate.Variables(Spec, "s", owner);
        Assert.Equal(Convert.ToBase64String("hidden"u8), secret.Data["TOKEN"]);
        Assert.Equal("u", Assert.Single(secret.Metadata.OwnerReferences!).Uid);
        Assert.DoesNotContain(secret.Data["TOKEN"], secret.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Attached_RunningPod_CountsTheLifetimeFromItsStart()
    {
        var built = Built();
        var running = built with
        {
            Status = new PodStatus { StartTime = Now, ContainerStatuses = [new ContainerStatus(PodTemplate.ContainerName, new ContainerState(null, new ContainerRunning(Now.AddSeconds(5)), null), null)] },
        };

        Assert.Equal(5 + 60, PodTemplate.Attached(running, Now).Spec!.ActiveDeadlineSeconds);
        Assert.Null(PodTemplate.Attached(built, Now).Spec);
    }

    private static KubernetesOptions Options => new() { ImagePullSecrets = "a,b" };

    private static Pod Built() => PodTemplate.Build(Spec, Options, "s", Now);
}
