using System.Collections.Concurrent;
using System.Net;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>Notes what is opened and closed, and what was there at that moment.</summary>
internal sealed class FakeNetwork : IEgressNetwork
{
    /// <summary>Open now, and since when.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> Open { get; } = new(StringComparer.Ordinal);

    /// <summary>What happened, in order.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>True when a sandbox has a container.</summary>
    public Func<string, bool> HasContainer { get; set; } = _ => false;

    /// <summary>The next opening fails.</summary>
    public bool Fails { get; set; }

    /// <summary>What keeps everything closed.</summary>
    public string Closing { get; set; } = "default-deny 1";

    public string? Refusal => null;

    public Task<string> ClosingAsync(CancellationToken cancellationToken) => Task.FromResult(Closing);

    public Task OpenAsync(string id, IReadOnlyList<EgressRule> rules, IPEndPoint? proxy, CancellationToken cancellationToken)
    {
        if (Fails)
        {
            return Task.FromException(new SandboxException(SandboxFault.StartFailed, "The network policy could not be created."));
        }

        Log.Enqueue($"open {id} {rules.Count} {(proxy is null ? "direct" : "proxy")}{(HasContainer(id) ? " late" : "")}");
        Open[id] = DateTimeOffset.MinValue;
        return Task.CompletedTask;
    }

    public Task CloseAsync(string id, CancellationToken cancellationToken)
    {
        if (Open.TryRemove(id, out _))
        {
            Log.Enqueue($"close {id}{(HasContainer(id) ? " early" : "")}");
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<(string Id, DateTimeOffset Since)>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<(string, DateTimeOffset)>>([.. Open.Select(o => (o.Key, o.Value))]);
}
