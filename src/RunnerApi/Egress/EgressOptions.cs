using System.ComponentModel.DataAnnotations;
using System.Net;
using Actors.RunnerApi.Contracts.Configuration;

namespace Actors.RunnerApi.Egress;

/// <summary>Settings of the forward proxy, section <c>Actors:Runner:Egress</c>; environment variables are <c>ACTORS__RUNNER__EGRESS__NAME</c>.</summary>
internal sealed class EgressOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Actors:Runner:Egress";

    /// <summary>The runner may make network policies in its namespace of a cluster. Without it, profiles with egress launch nothing.</summary>
    public bool NetworkPolicies { get; set; }

    /// <summary>Where the proxy listens: <c>http://</c>, an IP address and a port; port 0 takes a free one. Empty: there is no proxy, and profiles that allow hosts launch nothing.</summary>
    public string Url { get; set; } = "";

    /// <summary>How sandboxes reach the proxy: an IP address and a port, such as the runner's pod address. Empty: as <see cref="Url"/> says.</summary>
    public string ProxyAddress { get; set; } = "";

    /// <summary>Namespace of the pods that serve the proxy; with <see cref="ProxyPods"/>.</summary>
    [RegularExpression("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", ErrorMessage = "is no name of a namespace")]
    public string ProxyNamespace { get; set; } = "";

    /// <summary>Labels <c>key=value,…</c> of the pods that serve the proxy. Empty: a network policy names the proxy by address, as it must when the runner uses the node's network.</summary>
    [RegularExpression("^[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*(,[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*)*$", ErrorMessage = "is no list of key=value")]
    public string ProxyPods { get; set; } = "";

    /// <summary>Most connections of one sandbox at once.</summary>
    [Range(1, 200)]
    public int MaxConnections { get; set; } = 64;

    /// <summary>Most connections of one sandbox in its life, refused ones included.</summary>
    [Range(1, 1_000_000)]
    public int MaxConnectionsInAll { get; set; } = 10_000;

    /// <summary>Most bytes of one sandbox in its life, both directions together, in MiB.</summary>
    [Range(1, 1024 * 1024)]
    public int MaxMiB { get; set; } = 1024;

    /// <summary>Seconds without a byte after which a connection is cut.</summary>
    [Range(1, 3600)]
    public int IdleSeconds { get; set; } = 120;

    /// <summary>Most seconds of one connection.</summary>
    [Range(1, 86_400)]
    public int ConnectionSeconds { get; set; } = 3600;

    /// <summary>True when there is a proxy.</summary>
    internal bool HasProxy => Url.Length > 0;

    /// <summary>Where to listen; null without a proxy.</summary>
    internal IPEndPoint? Listen { get; private set; }

    /// <summary>Where sandboxes connect to; null when it is where the proxy listens.</summary>
    internal IPEndPoint? Reach { get; private set; }

    /// <summary><see cref="ProxyPods"/> by key.</summary>
    internal IReadOnlyDictionary<string, string> PodLabels { get; private set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Reads and checks the section.</summary>
    internal static EgressOptions Read(SettingsReader reader)
    {
        var options = reader.Read<EgressOptions>();
        if (options.HasProxy)
        {
            // Sandboxes are other machines as far as the network is concerned, and nobody passes without the credentials of one.
            options.Listen = reader.Endpoint(nameof(Url), options.Url, allowNonLoopback: true, "");
        }

        if (options.ProxyAddress.Length > 0)
        {
            options.Reach = IPEndPoint.TryParse(options.ProxyAddress, out var reach) && reach.Port > 0 ? reach : null;
            Require(reader, options.Reach is not null, nameof(ProxyAddress), "must read ADDRESS:PORT.");
            Require(reader, options.HasProxy, nameof(ProxyAddress), $"needs {Section}:{nameof(Url)}.");
        }
        else if (options.Listen is { } listen)
        {
            Require(reader, !listen.Address.Equals(IPAddress.Any) && !listen.Address.Equals(IPAddress.IPv6Any), nameof(ProxyAddress), $"must be set, because {nameof(Url)} names no address that a sandbox could connect to.");
        }

        Require(reader, options.ProxyNamespace.Length == 0 == (options.ProxyPods.Length == 0), nameof(ProxyPods), $"must be set together with {Section}:{nameof(ProxyNamespace)}.");
        options.PodLabels = options.ProxyPods.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('=', 2)).Where(l => l.Length == 2)
            .DistinctBy(l => l[0], StringComparer.Ordinal).ToDictionary(l => l[0], l => l[1], StringComparer.Ordinal);
        return options;
    }

    private static void Require(SettingsReader reader, bool holds, string key, string sentence)
    {
        if (!holds)
        {
            reader.Fault(key, sentence);
        }
    }
}
