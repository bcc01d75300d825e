using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>Where the API server is and who we are to it.</summary>
/// <param name="Server">Base address.</param>
/// <param name="Credentials">How requests are authenticated.</param>
/// <param name="Trust">Which certificates the server may show.</param>
/// <param name="Namespace">The context's namespace, or null.</param>
internal sealed record KubeConnection(Uri Server, IKubeCredentials Credentials, ServerTrust Trust, string? Namespace)
{
    private const int MaxConnections = 4096;

    /// <summary>A handler for requests and WebSockets; credentials that rotate are asked at each new connection and request.</summary>
    internal SocketsHttpHandler CreateHandler() => new()
    {
        // A redirect or a cookie has no place in this API, and a proxy would see the token.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        MaxConnectionsPerServer = MaxConnections,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        ConnectCallback = ConnectAsync,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Trust.Accepts(certificate as X509Certificate2, chain, errors),
            LocalCertificateSelectionCallback = (_, _, _, _, _) => Credentials.Certificate!,
        },
    };

    // A watch or a log may be silent for long: only probes of the connection tell a server that is gone without a word.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>How requests are authenticated.</summary>
internal interface IKubeCredentials
{
    /// <summary>The client certificate, or null.</summary>
    X509Certificate2? Certificate { get; }

    /// <summary>The bearer token of now, or null. Never logged.</summary>
    /// <exception cref="KubeException">It cannot be had.</exception>
    ValueTask<string?> TokenAsync(CancellationToken cancellationToken);

    /// <summary>The server did not accept what was given last: forget what was kept of it.</summary>
    void Refused();
}

/// <summary>A certificate, a token, both or neither, that stay as they are.</summary>
internal sealed class FixedCredentials(X509Certificate2? certificate, string? token) : IKubeCredentials
{
    public X509Certificate2? Certificate { get; } = certificate;

    public ValueTask<string?> TokenAsync(CancellationToken cancellationToken) => ValueTask.FromResult(token);

    public void Refused()
    {
    }
}

/// <summary>A token in a file that someone else replaces, as kubelet does with a service account's.</summary>
internal sealed class FileCredentials(string path, TimeProvider time) : IKubeCredentials
{
    private const int LargestToken = 64 * 1024;
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private string? _token;
    private long _readAt;

    public X509Certificate2? Certificate => null;

    public ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_token is null || time.GetElapsedTime(_readAt) > Fresh)
            {
                _token = Read();
                _readAt = time.GetTimestamp();
            }

            return ValueTask.FromResult<string?>(_token);
        }
    }

    public void Refused()
    {
        lock (_gate)
        {
            _token = null;
        }
    }

    private string Read()
    {
        try
        {
            var text = new FileInfo(path).Length <= LargestToken ? File.ReadAllText(path).Trim() : "";
            return text.Length > 0 ? text : throw new KubeException(KubeFault.Unauthorized, $"The token file '{path}' is empty or over {LargestToken} bytes.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new KubeException(KubeFault.Unauthorized, $"The token file '{path}' cannot be read: {e.Message}", e);
        }
    }
}
