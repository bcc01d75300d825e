using System.Net.Security;
using System.Security.Authentication;
using Actors.Silo.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Actors.Silo.Access.Listening;

/// <summary>Where and how the silo listens: one address, bounded requests, TLS with the certificate that holds now.</summary>
internal static class Listening
{
    private const int MaxConnections = 10_000;
    private const int MaxHeaderBytes = 32 * 1024;
    private const int MaxHeaders = 100;
    private const int MaxStreamsOfAConnection = 100;
    private static readonly TimeSpan HeadersTime = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(2);
    private static readonly MinDataRate SlowestBody = new(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));

    /// <summary>Applies it.</summary>
    public static void Configure(KestrelServerOptions kestrel, AccessSettings access)
    {
        // Replaces what the section Kestrel may hold: the silo listens where its checked setting says, nowhere else.
        kestrel.Configure();
        kestrel.AddServerHeader = false;
        Bound(kestrel.Limits);
        kestrel.Listen(access.Endpoint, listen =>
        {
            if (access.Tls is not null)
            {
                var identity = kestrel.ApplicationServices.GetRequiredService<ReloadedFile<TlsIdentity>>();
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = HandshakeTime,
                    OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
                    {
                        ServerCertificateContext = identity.Current.Context,
                        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                    }),
                });
            }
        });
    }

    private static void Bound(KestrelServerLimits limits)
    {
        limits.MaxConcurrentConnections = MaxConnections;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.RequestHeadersTimeout = HeadersTime;
        limits.KeepAliveTimeout = IdleTime;
        limits.MinRequestBodyDataRate = SlowestBody;
        limits.Http2.MaxStreamsPerConnection = MaxStreamsOfAConnection;
    }
}
