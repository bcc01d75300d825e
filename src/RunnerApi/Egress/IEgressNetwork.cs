using System.Net;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>Opens the network around one sandbox as far as its profile says, and no further.</summary>
internal interface IEgressNetwork
{
    /// <summary>Why nothing can be opened here, with the fix; null when it can.</summary>
    string? Refusal { get; }

    /// <summary>Opens the way for a sandbox that is not created yet. The same again changes nothing.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="rules">Of its profile; those with a network are opened directly.</param>
    /// <param name="proxy">The proxy, which is opened too; null when there is none.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Sandboxes.SandboxException">It could not be opened; nothing may be launched.</exception>
    Task OpenAsync(string id, IReadOnlyList<EgressRule> rules, IPEndPoint? proxy, CancellationToken cancellationToken);

    /// <summary>Closes it. Succeeds when it is closed already.</summary>
    /// <exception cref="Sandboxes.SandboxException">It could not be closed.</exception>
    Task CloseAsync(string id, CancellationToken cancellationToken);

    /// <summary>Every sandbox for which something is open, and since when.</summary>
    /// <exception cref="Sandboxes.SandboxException">It is not known.</exception>
    Task<IReadOnlyList<(string Id, DateTimeOffset Since)>> ListAsync(CancellationToken cancellationToken);

    /// <summary>What keeps the network closed now, as text that is another one when that changes; empty when it is not known.</summary>
    /// <exception cref="Sandboxes.SandboxException">The engine does not answer.</exception>
    Task<string> ClosingAsync(CancellationToken cancellationToken);
}
