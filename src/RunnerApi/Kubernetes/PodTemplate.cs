using System.Globalization;
using System.Text;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>The pod of a sandbox. It fits the restricted Pod Security level, whatever the spec says.</summary>
internal static class PodTemplate
{
    internal const string ContainerName = "server";
    internal const string ManagedBy = "app.kubernetes.io/managed-by";
    internal const string Manager = "actors";
    internal const string InstanceLabel = "actors.dev/instance";
    internal const string IdAnnotation = "actors.dev/id";
    internal const string DeadlineAnnotation = "actors.dev/deadline";
    internal const string RuntimeAnnotation = "actors.dev/runtime";
    internal const string SpecAnnotation = "actors.dev/spec";
    internal const string LifetimeAnnotation = "actors.dev/lifetime-seconds";
    internal const string LogBytesAnnotation = "actors.dev/log-bytes";

    /// <summary>Set at the first attach; until then a sandbox counts as created.</summary>
    internal const string AttachedAnnotation = "actors.dev/attached";

    // The cluster's default waits five minutes for a node that is gone.
    private static readonly Toleration[] NodeLoss =
    [
        new("node.kubernetes.io/not-ready", "Exists", null, "NoExecute", 30),
        new("node.kubernetes.io/unreachable", "Exists", null, "NoExecute", 30),
    ];

    private const long User = 65532;
    private const string Tmp = "tmp";

    // Beyond the log, a sandbox writes to memory only; the rest is for what kubelet itself puts there.
    private const long SpareStorage = 16 * 1024 * 1024;

    internal static string PodName(string id) => "actors-" + id;

    internal static string Selector(KubernetesOptions options) => $"{ManagedBy}={Manager},{InstanceLabel}={options.Instance}";

    /// <summary>Bytes of the node's log file up to which it is whole.</summary>
    internal static long LogBytes(SandboxSpec spec, KubernetesOptions options) => Math.Min(spec.LogBytes, options.LogRotationMiB * 1024L * 1024L);

    /// <param name="spec">What was asked for.</param>
    /// <param name="options">How the cluster is.</param>
    /// <param name="secret">Name of the Secret that will hold the variables.</param>
    /// <param name="now">When it is created.</param>
    internal static Pod Build(SandboxSpec spec, KubernetesOptions options, string secret, DateTimeOffset now) => new(
        new ObjectMeta
        {
            Name = PodName(spec.Id),
            Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [ManagedBy] = Manager, [InstanceLabel] = options.Instance, [SandboxLabel.Name] = SandboxLabel.Of(options, spec.Id) },
            Annotations = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                [IdAnnotation] = spec.Id,
                [DeadlineAnnotation] = Text(now + spec.Lifetime),
                [RuntimeAnnotation] = spec.Runtime,
                [SpecAnnotation] = SpecHash.Of(spec),
                [LifetimeAnnotation] = Text(Seconds(spec.Lifetime)),
                [LogBytesAnnotation] = Text(LogBytes(spec, options)),
            },
        },
        new PodSpec
        {
            Containers = [Server(spec, options, secret)],
            RestartPolicy = "Never",

            // Until the first attach tells how long the start took; then it is lowered.
            ActiveDeadlineSeconds = options.StartTimeoutSeconds + Seconds(spec.Lifetime),
            TerminationGracePeriodSeconds = 1,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            HostNetwork = false,
            HostPID = false,
            HostIPC = false,

            // The node's own name servers are nobody's business.
            DnsPolicy = "None",
            DnsConfig = new PodDnsConfig(["127.0.0.1"]),
            Hostname = "sandbox",
            RuntimeClassName = RuntimeClass(spec.Runtime, options),
            NodeSelector = spec.Nodes?.Selector,
            Tolerations = [.. NodeLoss, .. spec.Nodes?.Tolerations.Select(Tolerate) ?? []],
            TopologySpreadConstraints = spec.Nodes is { Spread.Count: > 0 } nodes ? [.. nodes.Spread.Select(s => Spread(s, options))] : null,
            ImagePullSecrets = options.ImagePullSecrets.Length == 0 ? null : [.. options.ImagePullSecrets.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(s => new LocalReference(s))],
            SecurityContext = new PodSecurity(RunAsNonRoot: true, User, User, new SeccompProfile("RuntimeDefault")),
            Volumes = [new Volume(Tmp, new EmptyDir("Memory", "16Mi"))],
        });

    /// <summary>The Secret with a pod's variables; it goes when its pod goes.</summary>
    internal static Secret Variables(SandboxSpec spec, string name, Pod owner) => new(
        new ObjectMeta
        {
            Name = name,
            Labels = owner.Metadata.Labels,
            OwnerReferences = [new OwnerReference("v1", "Pod", owner.Metadata.Name!, owner.Metadata.Uid!)],
        },
        spec.Env.ToDictionary(v => v.Key, v => Convert.ToBase64String(Encoding.UTF8.GetBytes(v.Value)), StringComparer.Ordinal),
        Immutable: true);

    /// <summary>What the first attach notes: the lifetime counts from the container's start.</summary>
    internal static PodPatch Attached(Pod pod, DateTimeOffset now)
    {
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [AttachedAnnotation] = Text(now) };
        var running = PodReading.Server(pod)?.State?.Running;
        if (running?.StartedAt is not { } started || pod.Status?.StartTime is not { } accepted || !long.TryParse(PodReading.Annotation(pod, LifetimeAnnotation), CultureInfo.InvariantCulture, out var lifetime))
        {
            return new PodPatch(new PodPatchMeta(annotations), null);
        }

        var starting = Math.Max(0, (long)Math.Ceiling((started - accepted).TotalSeconds));
        annotations[DeadlineAnnotation] = Text(now + TimeSpan.FromSeconds(lifetime));
        return new PodPatch(new PodPatchMeta(annotations), pod.Spec?.ActiveDeadlineSeconds > starting + lifetime ? new PodPatchSpec(starting + lifetime) : null);
    }

    private static Container Server(SandboxSpec spec, KubernetesOptions options, string secret)
    {
        var limits = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["cpu"] = Text(spec.CpuMillis) + "m",
            ["memory"] = Text(spec.MemoryBytes),

            // Two files of a log can be there at once, the one that was rotated away and the next.
            ["ephemeral-storage"] = Text((2 * LogBytes(spec, options)) + SpareStorage),
        };
        return new Container
        {
            Name = ContainerName,
            Image = spec.Reference,
            ImagePullPolicy = "IfNotPresent",

            // $(NAME) in an argument would be replaced by a variable's value; a doubled $ is a plain one.
            Args = spec.Args.Count == 0 ? null : [.. spec.Args.Select(a => a.Replace("$", "$$", StringComparison.Ordinal))],
            Env = spec.Env.Count == 0 ? null : [.. spec.Env.Keys.Order(StringComparer.Ordinal).Select(n => new EnvVar(n, new EnvVarSource(new SecretKeyReference(secret, n))))],
            Stdin = true,
            StdinOnce = false,
            Tty = false,
            Resources = new Resources(limits, limits),
            SecurityContext = new ContainerSecurity(
                RunAsNonRoot: true, User, User, ReadOnlyRootFilesystem: true, AllowPrivilegeEscalation: false, new Capabilities(["ALL"]), new SeccompProfile("RuntimeDefault")),
            VolumeMounts = [new VolumeMount(Tmp, "/tmp")],
            TerminationMessagePolicy = "File",
        };
    }

    private static string? RuntimeClass(string runtime, KubernetesOptions options) =>
        runtime == KubernetesDriver.Runc ? (options.RuncRuntimeClass.Length == 0 ? null : options.RuncRuntimeClass) : runtime;

    private static Toleration Tolerate(Actors.Verification.Policy.NodeToleration toleration) => new(
        toleration.Key, toleration.Value.Length == 0 ? "Exists" : "Equal", toleration.Value.Length == 0 ? null : toleration.Value, toleration.Effect.Length == 0 ? null : toleration.Effect);

    private static TopologySpread Spread(Actors.Verification.Policy.NodeSpread spread, KubernetesOptions options) => new(
        spread.MaxSkew,
        spread.Key,
        spread.Required ? "DoNotSchedule" : "ScheduleAnyway",
        new LabelSelector(new Dictionary<string, string>(StringComparer.Ordinal) { [ManagedBy] = Manager, [InstanceLabel] = options.Instance }));

    private static long Seconds(TimeSpan time) => (long)Math.Ceiling(time.TotalSeconds);

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(DateTimeOffset value) => value.ToString("O", CultureInfo.InvariantCulture);
}
