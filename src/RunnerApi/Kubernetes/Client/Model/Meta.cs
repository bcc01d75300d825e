namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>An object that the API server keeps.</summary>
internal interface IKubeObject
{
    /// <summary>Name, labels, version.</summary>
    ObjectMeta Metadata { get; }
}

/// <summary>What every object carries. Null members are left out of requests.</summary>
internal sealed record ObjectMeta
{
    public string? Name { get; init; }

    public string? Namespace { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    public DateTimeOffset? CreationTimestamp { get; init; }

    public DateTimeOffset? DeletionTimestamp { get; init; }

    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }
}

/// <summary>Whose end is this object's end.</summary>
internal sealed record OwnerReference(string ApiVersion, string Kind, string Name, string Uid);

/// <summary>One page of a list.</summary>
internal sealed record KubeList<T>(ListMeta? Metadata, IReadOnlyList<T>? Items);

/// <summary>Where a list stands and where its next page begins.</summary>
internal sealed record ListMeta(string? ResourceVersion, string? Continue);

/// <summary>The API's answer to what it refuses.</summary>
internal sealed record KubeStatus(string? Status, string? Message, string? Reason, int? Code, KubeStatusDetails? Details);

/// <summary>More about a refusal.</summary>
internal sealed record KubeStatusDetails(int? RetryAfterSeconds);

/// <summary>Answer of <c>/version</c>.</summary>
internal sealed record KubeVersion(string? Major, string? Minor, string? GitVersion);

/// <summary>One line of a watch; the object's form depends on the type.</summary>
internal sealed record WatchLine(string? Type, System.Text.Json.JsonElement Object);
