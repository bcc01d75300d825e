using System.Net;
using Actors.Verification.Network;

namespace Actors.Silo.Access.Authentication;

/// <summary>Reads an issuer's documents: bounded in bytes and time, no redirect, proxy or cookie, and only from addresses that the silo's operator may have meant.</summary>
internal sealed class IssuerHttp : IDisposable
{
    private const int MaxBytes = 512 * 1024;
    private static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(10);
    private readonly string _issuerHost;
    private readonly HttpClient _issuer;
    private readonly HttpClient _others;

    /// <summary>A client for one issuer. Its own host may have a private address, another host that its metadata names may not.</summary>
    public IssuerHttp(string issuerHost)
    {
        _issuerHost = issuerHost;
        _issuer = Create(EgressGuard.IsPublicOrPrivate);
        _others = Create(EgressGuard.IsPublic);
    }

    /// <summary>The document; null when there is none (404).</summary>
    /// <exception cref="IssuerUnavailableException">It could not be read.</exception>
    public async Task<string?> GetAsync(Uri url, CancellationToken cancellationToken)
    {
        try
        {
            var http = url.Host == _issuerHost ? _issuer : _others;
            using var response = await http.GetAsync(url, cancellationToken);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                return null;
            }

            return response.IsSuccessStatusCode
                ? await response.Content.ReadAsStringAsync(cancellationToken)
                : throw new IssuerUnavailableException($"{url} answers {(int)response.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            throw new IssuerUnavailableException($"{url} could not be read within {MaxTime.TotalSeconds:0} s and {MaxBytes} bytes: {e.GetType().Name}", e);
        }
    }

    public void Dispose()
    {
        _issuer.Dispose();
        _others.Dispose();
    }

    private static HttpClient Create(Func<IPAddress, bool> allowed)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectCallback = EgressGuard.Connector(allowed, (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken)),
            MaxResponseHeadersLength = 32,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };
        return new HttpClient(handler, disposeHandler: true) { Timeout = MaxTime, MaxResponseContentBufferSize = MaxBytes };
    }
}

/// <summary>The issuer's keys cannot be had.</summary>
internal sealed class IssuerUnavailableException(string message, Exception? inner = null) : Exception(message, inner);
