using System.Security.Cryptography;
using System.Text;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>The label by which a network policy finds the pod of one sandbox; an id can be longer than a label may.</summary>
internal static class SandboxLabel
{
    internal const string Name = "actors.dev/sandbox";

    /// <summary>32 hex digits, other ones for each instance.</summary>
    internal static string Of(KubernetesOptions options, string id) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(options.Instance + "\n" + id)))[..32];
}
