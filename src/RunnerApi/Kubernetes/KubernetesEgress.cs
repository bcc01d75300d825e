using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;
using Rule = Actors.Verification.Policy.EgressRule;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>One network policy for each sandbox that may reach something. It adds to the namespace's default, which denies everything.</summary>
internal sealed class KubernetesEgress(KubeClient client, KubernetesOptions options, EgressOptions egress) : IEgressNetwork, IDisposable
{
    /// <summary>Tells these policies from all others.</summary>
    internal const string PurposeLabel = "actors.dev/purpose";

    private const string Purpose = "egress";
    private const string NamespaceName = "kubernetes.io/metadata.name";

    public string? Refusal => egress.NetworkPolicies
        ? null
        : $"this runner may not make network policies. Set {EgressOptions.Section}:{nameof(EgressOptions.NetworkPolicies)}=true and give its role 'networkpolicies' in the sandboxes' namespace, or use a profile without 'egress'.";

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    public Task OpenAsync(string id, IReadOnlyList<Rule> rules, IPEndPoint? proxy, CancellationToken cancellationToken) =>
        CallAsync($"created for sandbox '{id}'", () => client.ApplyAsync(Build(id, rules, proxy), PodTemplate.Manager, cancellationToken));

    public Task CloseAsync(string id, CancellationToken cancellationToken) => Refusal is not null
        ? Task.CompletedTask
        : CallAsync($"removed of sandbox '{id}'", async () =>
        {
            await client.DeleteNetworkPolicyAsync(NameOf(id), cancellationToken);
            return true;
        });

    public async Task<IReadOnlyList<(string Id, DateTimeOffset Since)>> ListAsync(CancellationToken cancellationToken)
    {
        if (Refusal is not null)
        {
            return [];
        }

        var policies = await CallAsync("listed", () => client.ListNetworkPoliciesAsync($"{PodTemplate.Selector(options)},{PurposeLabel}={Purpose}", cancellationToken));
        return [.. policies.Select(p => (Id: p.Metadata.Annotations?.GetValueOrDefault(PodTemplate.IdAnnotation) ?? "", Since: p.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue, p.Metadata.Name))
            .Where(p => p.Id.Length > 0 && p.Name == NameOf(p.Id)).Select(p => (p.Id, p.Since))];
    }

    /// <summary>The namespace's policies that are not of this runner: its default deny, and whatever opens it again.</summary>
    public async Task<string> ClosingAsync(CancellationToken cancellationToken)
    {
        try
        {
            var policies = await client.ListNetworkPoliciesAsync($"{PodTemplate.ManagedBy}!={PodTemplate.Manager}", cancellationToken);
            return string.Join('\n', policies.Select(p => $"{p.Metadata.Name} {p.Metadata.Uid} {p.Metadata.ResourceVersion}").Order(StringComparer.Ordinal));
        }
        catch (KubeException e) when (e.Fault == KubeFault.Forbidden)
        {
            // A role without this right: what changes shows at the next probe.
            return "";
        }
        catch (KubeException e)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"The cluster does not answer: {e.Message}", e);
        }
    }

    /// <summary>The policy of a sandbox: TCP to each network and port of its profile and to the proxy, nothing else, and nothing in.</summary>
    internal NetworkPolicy Build(string id, IReadOnlyList<Rule> rules, IPEndPoint? proxy)
    {
        List<EgressRule> open = [.. rules.Where(r => r.Cidr is not null).Select(r => To(new NetworkPeer(new IpBlock(r.Cidr!)), r.Port))];
        if (proxy is not null)
        {
            open.Add(To(ProxyPeer(proxy.Address), proxy.Port));
        }

        return new NetworkPolicy(
            new ObjectMeta
            {
                Name = NameOf(id),
                Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [PodTemplate.ManagedBy] = PodTemplate.Manager, [PodTemplate.InstanceLabel] = options.Instance, [PurposeLabel] = Purpose },
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [PodTemplate.IdAnnotation] = id },
            },
            new NetworkPolicySpec(
                new LabelSelector(new Dictionary<string, string>(StringComparer.Ordinal) { [SandboxLabel.Name] = SandboxLabel.Of(options, id) }),
                ["Ingress", "Egress"],
                open));
    }

    private string NameOf(string id) => "actors-egress-" + SandboxLabel.Of(options, id);

    // Some network plugins match pods by their labels only, and addresses outside of the cluster only by address.
    private NetworkPeer ProxyPeer(IPAddress address) => egress.PodLabels.Count > 0
        ? new NetworkPeer(null, new LabelSelector(new Dictionary<string, string>(StringComparer.Ordinal) { [NamespaceName] = egress.ProxyNamespace }), new LabelSelector(egress.PodLabels))
        : new NetworkPeer(new IpBlock($"{address}/{(address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128).ToString(CultureInfo.InvariantCulture)}"));

    private static EgressRule To(NetworkPeer peer, int port) => new([peer], [new NetworkPort("TCP", port)]);

    private static async Task<T> CallAsync<T>(string what, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (KubeException e)
        {
            throw new SandboxException(
                e.Fault is KubeFault.Forbidden or KubeFault.Invalid ? SandboxFault.StartFailed : SandboxFault.EngineUnavailable,
                $"The network policy could not be {what}: {e.Message}" + (e.Fault == KubeFault.Forbidden ? " Give the runner's role get, list, create, patch and delete of 'networkpolicies' in the sandboxes' namespace." : ""),
                e);
        }
    }
}
