namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>A pod, with the members that the driver writes or reads.</summary>
internal sealed record Pod(ObjectMeta Metadata, PodSpec? Spec = null, PodStatus? Status = null) : IKubeObject
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "Pod";
}

/// <summary>What is asked for.</summary>
internal sealed record PodSpec
{
    public IReadOnlyList<Container> Containers { get; init; } = [];

    public string? RestartPolicy { get; init; }

    public long? ActiveDeadlineSeconds { get; init; }

    public long? TerminationGracePeriodSeconds { get; init; }

    public bool? AutomountServiceAccountToken { get; init; }

    public string? ServiceAccountName { get; init; }

    public bool? EnableServiceLinks { get; init; }

    public bool? HostNetwork { get; init; }

    public bool? HostPID { get; init; }

    public bool? HostIPC { get; init; }

    public string? DnsPolicy { get; init; }

    public PodDnsConfig? DnsConfig { get; init; }

    public string? Hostname { get; init; }

    public string? RuntimeClassName { get; init; }

    public string? NodeName { get; init; }

    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }

    public IReadOnlyList<Toleration>? Tolerations { get; init; }

    public IReadOnlyList<TopologySpread>? TopologySpreadConstraints { get; init; }

    public IReadOnlyList<LocalReference>? ImagePullSecrets { get; init; }

    public PodSecurity? SecurityContext { get; init; }

    public IReadOnlyList<Volume>? Volumes { get; init; }
}

/// <summary>Name of an object in the same namespace.</summary>
internal sealed record LocalReference(string Name);

/// <summary>Name servers of a pod with <c>dnsPolicy: None</c>.</summary>
internal sealed record PodDnsConfig(IReadOnlyList<string> Nameservers);

/// <summary>Lets a pod onto nodes with this taint.</summary>
internal sealed record Toleration(string? Key, string? Operator, string? Value, string? Effect, long? TolerationSeconds = null);

/// <summary>Spreads the pods with these labels.</summary>
internal sealed record TopologySpread(int MaxSkew, string TopologyKey, string WhenUnsatisfiable, LabelSelector LabelSelector);

/// <summary>Security of the whole pod.</summary>
internal sealed record PodSecurity(bool RunAsNonRoot, long RunAsUser, long RunAsGroup, SeccompProfile SeccompProfile);

/// <summary>Filter of system calls.</summary>
internal sealed record SeccompProfile(string Type);

/// <summary>A volume that lives as long as its pod.</summary>
internal sealed record Volume(string Name, EmptyDir EmptyDir);

/// <summary>An empty directory; <c>Memory</c> is a tmpfs.</summary>
internal sealed record EmptyDir(string Medium, string SizeLimit);

/// <summary>One container of a pod.</summary>
internal sealed record Container
{
    public required string Name { get; init; }

    public required string Image { get; init; }

    public string? ImagePullPolicy { get; init; }

    public IReadOnlyList<string>? Args { get; init; }

    public IReadOnlyList<EnvVar>? Env { get; init; }

    public bool? Stdin { get; init; }

    public bool? StdinOnce { get; init; }

    public bool? Tty { get; init; }

    public Resources? Resources { get; init; }

    public ContainerSecurity? SecurityContext { get; init; }

    public IReadOnlyList<VolumeMount>? VolumeMounts { get; init; }

    public string? TerminationMessagePolicy { get; init; }
}

/// <summary>A variable whose value stands in a Secret.</summary>
internal sealed record EnvVar(string Name, EnvVarSource ValueFrom);

/// <summary>Where a variable's value is.</summary>
internal sealed record EnvVarSource(SecretKeyReference SecretKeyRef);

/// <summary>One entry of a Secret.</summary>
internal sealed record SecretKeyReference(string Name, string Key);

/// <summary>Requests and limits.</summary>
internal sealed record Resources(IReadOnlyDictionary<string, string> Requests, IReadOnlyDictionary<string, string> Limits);

/// <summary>Security of one container.</summary>
internal sealed record ContainerSecurity(bool RunAsNonRoot, long RunAsUser, long RunAsGroup, bool ReadOnlyRootFilesystem, bool AllowPrivilegeEscalation, Capabilities Capabilities, SeccompProfile SeccompProfile)
{
    public bool Privileged { get; init; }
}

/// <summary>Kernel capabilities.</summary>
internal sealed record Capabilities(IReadOnlyList<string> Drop);

/// <summary>Where a volume shows.</summary>
internal sealed record VolumeMount(string Name, string MountPath);

/// <summary>What became of it.</summary>
internal sealed record PodStatus
{
    public string? Phase { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? HostIP { get; init; }

    public string? PodIP { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public IReadOnlyList<PodCondition>? Conditions { get; init; }

    public IReadOnlyList<ContainerStatus>? ContainerStatuses { get; init; }
}

/// <summary>Such as <c>PodScheduled</c>.</summary>
internal sealed record PodCondition(string? Type, string? Status, string? Reason, string? Message);

/// <summary>What became of one container.</summary>
internal sealed record ContainerStatus(string? Name, ContainerState? State, string? ImageID);

/// <summary>Exactly one member is set.</summary>
internal sealed record ContainerState(ContainerWaiting? Waiting, ContainerRunning? Running, ContainerTerminated? Terminated);

/// <summary>Not started yet.</summary>
internal sealed record ContainerWaiting(string? Reason, string? Message);

/// <summary>Started.</summary>
internal sealed record ContainerRunning(DateTimeOffset? StartedAt);

/// <summary>Over.</summary>
internal sealed record ContainerTerminated(int ExitCode, string? Reason, string? Message, DateTimeOffset? StartedAt);
