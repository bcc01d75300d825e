using System.Text.Json;
using System.Text.Json.Serialization;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>How the API's objects are read and written; generated, so that only these types can be.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(KubeList<Pod>))]
[JsonSerializable(typeof(KubeList<KubeEvent>))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(NetworkPolicy))]
[JsonSerializable(typeof(KubeList<NetworkPolicy>))]
[JsonSerializable(typeof(DeleteOptions))]
[JsonSerializable(typeof(KubeStatus))]
[JsonSerializable(typeof(KubeVersion))]
[JsonSerializable(typeof(WatchLine))]
[JsonSerializable(typeof(PodPatch))]
[JsonSerializable(typeof(ExecCredential))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class KubeJson : JsonSerializerContext;

/// <summary>A merge patch of a pod.</summary>
internal sealed record PodPatch(PodPatchMeta Metadata, PodPatchSpec? Spec);

/// <summary>Annotations to set.</summary>
internal sealed record PodPatchMeta(IReadOnlyDictionary<string, string> Annotations);

/// <summary>The one member of a running pod's spec that may become stricter.</summary>
internal sealed record PodPatchSpec(long? ActiveDeadlineSeconds);
