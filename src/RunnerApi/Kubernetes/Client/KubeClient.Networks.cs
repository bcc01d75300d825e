namespace Actors.RunnerApi.Kubernetes.Client;

/// <content>Network policies.</content>
internal sealed partial class KubeClient
{
    private string Networks => $"/apis/networking.k8s.io/v1/namespaces/{Uri.EscapeDataString(Namespace)}/networkpolicies";

    /// <summary>Every network policy with the labels.</summary>
    internal async Task<IReadOnlyList<NetworkPolicy>> ListNetworkPoliciesAsync(string labels, CancellationToken cancellationToken)
    {
        List<NetworkPolicy> found = [];
        var next = "";
        for (var page = 0; page < MostPages; page++)
        {
            var path = $"{Networks}?labelSelector={Uri.EscapeDataString(labels)}&limit={PageSize}" + (next.Length > 0 ? "&continue=" + Uri.EscapeDataString(next) : "");
            var list = await transport.SendAsync(new KubeRequest(HttpMethod.Get, path), Json.KubeListNetworkPolicy, cancellationToken);
            found.AddRange(list.Items ?? []);
            next = list.Metadata?.Continue ?? "";
            if (next.Length == 0)
            {
                return found;
            }
        }

        throw new KubeException(KubeFault.Protocol, $"There are more than {MostPages * PageSize} network policies in '{Namespace}'.");
    }

    /// <summary>Deletes one; does nothing when there is none.</summary>
    internal async Task DeleteNetworkPolicyAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            await transport.SendAsync(new KubeRequest(HttpMethod.Delete, $"{Networks}/{Uri.EscapeDataString(name)}"), Json.JsonElement, cancellationToken);
        }
        catch (KubeException e) when (e.Fault == KubeFault.NotFound)
        {
            // Gone already.
        }
    }
}
