using System.Net;
using System.Security.Cryptography;
using System.Text;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions.Journal;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Egress;

/// <summary>The way out of each sandbox: planned with its launch, opened before it is created, cut when it ends, closed after it is gone.</summary>
internal sealed class SandboxEgress(EgressProxy proxy, EgressGrants grants, IEgressNetwork network, EgressOptions options, RunnerToken token, TimeProvider time)
{
    private static readonly string[] s_variables = ["HTTPS_PROXY", "https_proxy"];

    // Node.js looks at the variables above only when it is told to.
    private const string NodeSwitch = "NODE_USE_ENV_PROXY";

    /// <summary>Why a profile cannot be launched here, with the fix; null when it can, as one without egress always can.</summary>
    public string? Refuse(SandboxProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return profile.Egress.Count == 0 ? null
            : network.Refusal is { } refusal ? $"Profile '{profile.Name}' allows targets, but {refusal}"
            : !options.HasProxy && profile.Egress.Any(r => r.Host is not null) ? $"Profile '{profile.Name}' allows hosts, but this runner has no proxy; set {EgressOptions.Section}:{nameof(EgressOptions.Url)}, or allow networks by 'cidr'."
            : null;
    }

    /// <summary>What a launch of a profile opens; null when that is nothing.</summary>
    public EgressRecord? Plan(string id, SandboxProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        return profile.Egress.Count == 0 ? null : new EgressRecord(nonce, Proof(Password(id, nonce)), profile.Egress);
    }

    /// <summary>True when the credential of a launch is still what it was, so that it can be found in the output.</summary>
    public bool Knows(string id, EgressRecord? record) => record is null || Proof(Password(id, record.Nonce)) == record.Proof;

    /// <summary>The first variable that a launch sets itself although the proxy's credentials go there; null when none.</summary>
    public string? Taken(LaunchRequest request) =>
        options.HasProxy ? s_variables.FirstOrDefault(v => request.Env.ContainsKey(v) || request.Secrets.ContainsKey(v)) : null;

    /// <summary>Variables that tell a sandbox its proxy. They hold a secret.</summary>
    public IReadOnlyDictionary<string, string> Variables(string id, EgressRecord? record, IReadOnlyDictionary<string, string> given)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (record is null || proxy.Address is not { } address)
        {
            return variables;
        }

        foreach (var name in s_variables)
        {
            variables[name] = $"http://{Credentials(id, record)}@{address}";
        }

        if (!given.ContainsKey(NodeSwitch))
        {
            variables[NodeSwitch] = "1";
        }

        return variables;
    }

    /// <summary>What must never be shown: the password, and the pair as a header carries it.</summary>
    public IReadOnlyList<string> Secrets(string id, EgressRecord? record) => record is null ? [] : [Password(id, record.Nonce), Credentials(id, record)];

    /// <summary>Opens the way of a sandbox, before it is created or after the runner was away.</summary>
    /// <param name="id">The sandbox.</param>
    /// <param name="record">What is opened; null opens nothing.</param>
    /// <param name="journal">Where its connections are kept.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="Sandboxes.SandboxException">It could not be opened; nothing may be launched.</exception>
    public async Task OpenAsync(string id, EgressRecord? record, SandboxJournal journal, CancellationToken cancellationToken)
    {
        if (record is null)
        {
            return;
        }

        Restore(id, record, journal);
        await network.OpenAsync(id, record.Rules, ProxyAddress, cancellationToken);
    }

    /// <summary>Opens the network as for a sandbox of these rules, without credentials for the proxy.</summary>
    /// <exception cref="Sandboxes.SandboxException">It could not be opened.</exception>
    public Task OpenForProbeAsync(string id, IReadOnlyList<EgressRule> rules, CancellationToken cancellationToken) => network.OpenAsync(id, rules, ProxyAddress, cancellationToken);

    /// <summary>Lets a sandbox of an earlier process use the proxy again, with what it has used so far.</summary>
    public void Restore(string id, EgressRecord? record, SandboxJournal journal)
    {
        if (record is null)
        {
            return;
        }

        var log = new EgressLog(time, journal.TryWriteEgress);
        if (journal.Egress is { } earlier)
        {
            log.Restore(earlier);
        }

        grants.Add(new EgressGrant(id, Password(id, record.Nonce), record.Rules, options, log));
    }

    /// <summary>Cuts what is open. What it did can still be read.</summary>
    public void Cut(string id) => grants.Find(id)?.End();

    /// <summary>What a sandbox did through the proxy; null when it may not use it.</summary>
    public EgressEvidence? Evidence(string id) => grants.Find(id)?.Log.View();

    /// <summary>Closes everything that was opened for an id, also by an earlier process.</summary>
    /// <exception cref="Sandboxes.SandboxException">It could not be closed.</exception>
    public async Task CloseAsync(string id)
    {
        if (grants.TryRemove(id, out var grant))
        {
            grant.End();
            await grant.Log.FinishAsync();
            grant.Dispose();
        }

        await network.CloseAsync(id, CancellationToken.None);
    }

    /// <summary>Returns when all evidence is on disk; another process goes on with it.</summary>
    public Task FinishAsync() => Task.WhenAll(grants.All.Select(g => g.Log.FinishAsync()));

    /// <summary>Sandboxes for which the network is open longer than <paramref name="grace"/>.</summary>
    /// <exception cref="Sandboxes.SandboxException">It is not known.</exception>
    public async Task<IReadOnlyList<string>> ListOpenAsync(TimeSpan grace, CancellationToken cancellationToken) =>
        [.. (await network.ListAsync(cancellationToken)).Where(o => time.GetUtcNow() - o.Since > grace).Select(o => o.Id)];

    /// <summary>What keeps the network of all sandboxes closed now, as text.</summary>
    /// <exception cref="Sandboxes.SandboxException">The engine does not answer.</exception>
    public Task<string> ClosingAsync(CancellationToken cancellationToken) => network.ClosingAsync(cancellationToken);

    /// <summary>Where sandboxes reach the proxy; null when there is none.</summary>
    public IPEndPoint? ProxyAddress => options.HasProxy ? proxy.Address ?? throw new InvalidOperationException("The egress proxy does not listen yet.") : null;

    private string Credentials(string id, EgressRecord record) => id + ":" + Password(id, record.Nonce);

    // Derived, so that the sandbox' credential holds after a restart and is nowhere on disk.
    private string Password(string id, string nonce) => token.Derive("egress", id + "\0" + nonce);

    private static string Proof(string password) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(password)));
}
