using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Actors.RunnerApi.Egress;

/// <summary>The sandboxes that may use the proxy now.</summary>
internal sealed class EgressGrants
{
    private const string Scheme = "Basic ";
    private const int MaxCredentials = 512;

    // Compared with when there is no such sandbox, so that both take the same time.
    private static readonly EgressGrant s_nobody = new("", "", [], new EgressOptions(), new EgressLog(TimeProvider.System, _ => { }));

    private readonly ConcurrentDictionary<string, EgressGrant> _grants = new(StringComparer.Ordinal);

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<EgressGrant> All => [.. _grants.Values];

    /// <summary>Lets a sandbox in.</summary>
    public void Add(EgressGrant grant) => _grants[grant.Id] = grant;

    /// <summary>The sandbox' grant.</summary>
    public EgressGrant? Find(string id) => _grants.GetValueOrDefault(id);

    /// <summary>Shuts a sandbox out for good.</summary>
    public bool TryRemove(string id, [NotNullWhen(true)] out EgressGrant? grant) => _grants.TryRemove(id, out grant);

    /// <summary>Whose credentials these are: <c>Basic</c> with the sandbox' id and password; null when nobody's.</summary>
    public EgressGrant? Authenticate(string authorization)
    {
        ArgumentNullException.ThrowIfNull(authorization);
        var (id, password) = Decode(authorization);
        var grant = Find(id);
        var matches = (grant ?? s_nobody).Matches(password);
        return matches && grant is { Ended.IsCancellationRequested: false } ? grant : null;
    }

    private static (string Id, string Password) Decode(string authorization)
    {
        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Length > MaxCredentials || !Base64.IsValid(authorization.AsSpan(Scheme.Length)))
        {
            return ("", "");
        }

        var text = Encoding.UTF8.GetString(Convert.FromBase64String(authorization[Scheme.Length..]));
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? ("", "") : (text[..colon], text[(colon + 1)..]);
    }
}
