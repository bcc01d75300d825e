using System.Net;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>Sandboxes of this engine have no network, whatever a profile says.</summary>
internal sealed class ClosedNetwork : IEgressNetwork
{
    public string? Refusal => "the sandboxes of this runner have no network (Podman and Docker). Use a runner with Actors:Runner:Driver=kubernetes, or a profile without 'egress'.";

    public Task OpenAsync(string id, IReadOnlyList<EgressRule> rules, IPEndPoint? proxy, CancellationToken cancellationToken) => throw new InvalidOperationException(Refusal);

    public Task CloseAsync(string id, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyList<(string Id, DateTimeOffset Since)>> ListAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<(string, DateTimeOffset)>>([]);

    public Task<string> ClosingAsync(CancellationToken cancellationToken) => Task.FromResult("");
}
