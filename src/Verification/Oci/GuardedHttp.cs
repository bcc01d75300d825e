using System.Net;
using System.Net.Http.Headers;
using Actors.Verification.Network;

namespace Actors.Verification.Oci;

/// <summary>What a client of registries is made of. Tests replace name resolution and what counts as public.</summary>
internal sealed record OciClientOptions
{
    /// <summary>Caps.</summary>
    public OciLimits Limits { get; init; } = new();

    /// <summary>Whose credentials are used.</summary>
    public IRegistryCredentials Credentials { get; init; } = AnonymousCredentials.Instance;

    /// <summary>The clock of tokens and mirrors.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>For one connection, from the name to TLS.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Addresses that any request may reach.</summary>
    public Func<IPAddress, bool> PublicAddress { get; init; } = EgressGuard.IsPublic;

    /// <summary>Addresses that requests to a registry with private addresses may reach.</summary>
    public Func<IPAddress, bool> PrivateAddress { get; init; } = EgressGuard.IsPublicOrPrivate;

    /// <summary>All addresses of a name.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> ResolveName { get; init; } = static (host, cancellationToken) => Dns.GetHostAddressesAsync(host, cancellationToken);
}

/// <summary>Sends single requests: no redirect, cookie, proxy, decompression or trace header, and only to allowed addresses. Failures are <see cref="RegistryException"/>.</summary>
internal sealed class GuardedHttp : IDisposable
{
    // Two pools: a connection that the laxer rule allowed must not serve a request under the stricter one.
    private readonly HttpClient _public;
    private readonly HttpClient _private;

    public GuardedHttp(OciClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _public = CreateHttp(EgressGuard.Connector(options.PublicAddress, options.ResolveName), options.ConnectTimeout);
        _private = CreateHttp(EgressGuard.Connector(options.PrivateAddress, options.ResolveName), options.ConnectTimeout);
    }

    /// <summary>The answer's head; its body is not read yet.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool mayReachPrivate, string what, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        var http = mayReachPrivate ? _private : _public;
        return TypedAsync(what, () => http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken), cancellationToken);
    }

    /// <summary>The whole body as it was sent.</summary>
    /// <exception cref="RegistryException">Over the cap, or compressed.</exception>
    public static Task<byte[]> ReadAsync(HttpResponseMessage response, int cap, string what, CancellationToken cancellationToken)
    {
        RegistryStatus.RequireNoEncoding(response, what);
        return TypedAsync(what, () => BoundedBody.ReadAsync(response, cap, what, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _public.Dispose();
        _private.Dispose();
    }

    private static async Task<T> TypedAsync<T>(string what, Func<Task<T>> send, CancellationToken cancellationToken)
    {
        try
        {
            return await send();
        }
        catch (HttpRequestException e) when (e.InnerException is EgressRefusedException refused)
        {
            throw new RegistryException(
                RegistryFault.ForbiddenAddress,
                $"{what} leads to an address that is not reached: {refused.Message}. If this registry is yours, set 'allow_private: true' for it under the policy's 'hosts', or name where it redirects to in 'redirect_hosts'; otherwise mend the registry.",
                e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            throw new RegistryException(RegistryFault.Unavailable, $"{what} could not be read: no trusted TLS connection. Mend the registry's certificate, or set 'insecure: true' in its rule if it speaks plain HTTP.", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new RegistryException(RegistryFault.Unavailable, $"{what} could not be read: the connection failed. Check that the registry is up and can be reached from here.", e);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new RegistryException(RegistryFault.Deadline, $"{what} could not be read: there was no connection in time. Check that the registry is up and can be reached from here.", e);
        }
    }

    private static HttpClient CreateHttp(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> connect, TimeSpan connectTimeout)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectCallback = connect,
            MaxResponseHeadersLength = 32,

            // The rest of a refused body is not read for the sake of the connection: a hostile one has no end.
            MaxResponseDrainSize = 0,
            ResponseDrainTimeout = TimeSpan.Zero,
            ConnectTimeout = connectTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        };
        var http = new HttpClient(handler, disposeHandler: true) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("actors-runner", null));
        return http;
    }
}
