using System.Net;
using System.Security.Cryptography;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Network;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>What one sandbox may reach through the proxy, and how much of it.</summary>
internal sealed class EgressGrant : IDisposable
{
    private readonly byte[] _hash;
    private readonly IReadOnlyList<EgressRule> _rules;
    private readonly EgressOptions _limits;
    private readonly CancellationTokenSource _ended = new();
    private long _bytes;
    private int _connections;

    /// <param name="id">The sandbox.</param>
    /// <param name="password">Its credential; only a hash is kept.</param>
    /// <param name="rules">Of its profile, at its launch.</param>
    /// <param name="limits">How much.</param>
    /// <param name="log">Where its connections are written down; the bytes in it count.</param>
    public EgressGrant(string id, string password, IReadOnlyList<EgressRule> rules, EgressOptions limits, EgressLog log)
    {
        (Id, _rules, _limits, Log) = (id, rules, limits, log);
        _hash = SHA256.HashData(Encoding.UTF8.GetBytes(password));
        var earlier = log.View();
        _bytes = earlier.BytesUp + earlier.BytesDown;
        Ended = _ended.Token;
    }

    /// <summary>The sandbox.</summary>
    public string Id { get; }

    /// <summary>Its connections.</summary>
    public EgressLog Log { get; }

    /// <summary>Fires when the sandbox has ended.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Compares in constant time.</summary>
    public bool Matches(string password) => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(password)), _hash);

    /// <summary>The rule that allows a target, or why none does.</summary>
    public (EgressRule? Rule, string Verdict) Find(ConnectTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        var named = _rules.Where(r => Names(r, target)).ToList();

        // The exact name before the pattern.
        var rule = named.Where(r => r.Port == target.Port).OrderBy(r => r.Host?.StartsWith('*') == true).FirstOrDefault();
        return (rule, rule is not null ? EgressVerdicts.Open : named.Count > 0 ? EgressVerdicts.PortNotAllowed : EgressVerdicts.HostNotAllowed);
    }

    /// <summary>Takes a place for a connection; give it back with <see cref="Leave"/>.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _connections) <= _limits.MaxConnections && Log.Total <= _limits.MaxConnectionsInAll)
        {
            return true;
        }

        Leave();
        return false;
    }

    /// <summary>Gives a place back.</summary>
    public void Leave() => Interlocked.Decrement(ref _connections);

    /// <summary>Takes bytes of what the sandbox may move; false when they are used up.</summary>
    public bool TryTake(int bytes) => Interlocked.Add(ref _bytes, bytes) <= _limits.MaxMiB * 1024L * 1024L;

    /// <summary>Cuts every connection, and refuses what comes.</summary>
    public void End()
    {
        Log.Seal(EgressVerdicts.SandboxEnded);
        _ended.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose() => _ended.Dispose();

    private static bool Names(EgressRule rule, ConnectTarget target) => target.Address is { } address
        ? rule.Cidr is { } cidr && IPNetwork.Parse(cidr).Contains(address)
        : rule.Host is { } pattern && HostName.Matches(pattern, target.Host);
}
