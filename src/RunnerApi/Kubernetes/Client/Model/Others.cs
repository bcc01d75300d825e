namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>A Secret; the values of <paramref name="Data"/> are Base64.</summary>
internal sealed record Secret(ObjectMeta Metadata, IReadOnlyDictionary<string, string> Data, bool Immutable) : IKubeObject
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "Secret";

    public string Type { get; init; } = "Opaque";

    // A record's own text would print the values.
    public override string ToString() => $"Secret {Metadata.Name}";
}

/// <summary>What a component of the cluster noted about an object.</summary>
internal sealed record KubeEvent(ObjectMeta Metadata, string? Type, string? Reason, string? Message, DateTimeOffset? LastTimestamp) : IKubeObject;

/// <summary>Which traffic the selected pods may have.</summary>
internal sealed record NetworkPolicy(ObjectMeta Metadata, NetworkPolicySpec Spec) : IKubeObject
{
    public string ApiVersion { get; init; } = "networking.k8s.io/v1";

    public string Kind { get; init; } = "NetworkPolicy";
}

/// <summary>No rule in a listed direction means that nothing passes.</summary>
internal sealed record NetworkPolicySpec(LabelSelector PodSelector, IReadOnlyList<string> PolicyTypes, IReadOnlyList<EgressRule>? Egress = null);

/// <summary>Selects by labels; an empty one selects all.</summary>
internal sealed record LabelSelector(IReadOnlyDictionary<string, string>? MatchLabels = null);

/// <summary>Where to traffic may go.</summary>
internal sealed record EgressRule(IReadOnlyList<NetworkPeer> To, IReadOnlyList<NetworkPort> Ports);

/// <summary>Addresses, or pods by the labels of their namespace and their own.</summary>
internal sealed record NetworkPeer(IpBlock? IpBlock = null, LabelSelector? NamespaceSelector = null, LabelSelector? PodSelector = null);

/// <summary>Addresses as <c>10.0.0.0/8</c>.</summary>
internal sealed record IpBlock(string Cidr);

/// <summary>One port.</summary>
internal sealed record NetworkPort(string Protocol, int Port);

/// <summary>How an object is deleted.</summary>
internal sealed record DeleteOptions(long? GracePeriodSeconds, DeletePreconditions? Preconditions, string? PropagationPolicy)
{
    public string ApiVersion { get; init; } = "v1";

    public string Kind { get; init; } = "DeleteOptions";
}

/// <summary>Only the object of this uid is meant.</summary>
internal sealed record DeletePreconditions(string? Uid);
