using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>Which certificates the API server may show: those of the named authorities, for the host that was dialled.</summary>
internal sealed class ServerTrust
{
    private readonly Func<X509Certificate2Collection>? _load;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private X509Certificate2Collection? _roots;
    private long _loadedAt;

    private ServerTrust(Func<X509Certificate2Collection>? load, TimeProvider time)
    {
        _load = load;
        _time = time;
    }

    /// <summary>The machine's own authorities.</summary>
    internal static ServerTrust Machine { get; } = new(null, TimeProvider.System);

    /// <summary>Authorities as PEM.</summary>
    internal static ServerTrust Pem(string pem, TimeProvider time)
    {
        var roots = Parse(pem);
        return new ServerTrust(() => roots, time);
    }

    /// <summary>Authorities in a file that may be replaced.</summary>
    internal static ServerTrust File(string path, TimeProvider time) => new(() => Parse(System.IO.File.ReadAllText(path)), time);

    /// <summary>Decides about one handshake.</summary>
    /// <param name="certificate">The server's.</param>
    /// <param name="sent">The chain that was tried with what the server sent.</param>
    /// <param name="errors">What the machine's own check says.</param>
    internal bool Accepts(X509Certificate2? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (_load is null)
        {
            return errors == SslPolicyErrors.None;
        }

        // A wrong name is never mended by a known authority; and where authorities are named, those of the machine do not count.
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        chain.ChainPolicy.CustomTrustStore.AddRange(Roots());
        if (sent is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(sent.ChainPolicy.ExtraStore);
        }

        return chain.Build(certificate);
    }

    private X509Certificate2Collection Roots()
    {
        lock (_gate)
        {
            if (_roots is null || _time.GetElapsedTime(_loadedAt) > TimeSpan.FromMinutes(1))
            {
                _roots = _load!();
                _loadedAt = _time.GetTimestamp();
            }

            return _roots;
        }
    }

    private static X509Certificate2Collection Parse(string pem)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(pem);
        return roots.Count > 0 ? roots : throw new CryptographicException("There is no certificate in the authority's PEM.");
    }
}
