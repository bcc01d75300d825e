using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Actors.RunnerApi.Kubernetes.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Actors.RunnerApi.Tests.Kubernetes;

/// <summary>Answers over TLS what a test says; what the API means is in the transcripts.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly X509Certificate2 _certificate;

    private FakeApi(WebApplication app, X509Certificate2 certificate)
    {
        _app = app;
        _certificate = certificate;
    }

    /// <summary>Each request as <c>METHOD path?query</c>.</summary>
    internal ConcurrentQueue<string> Requests { get; } = [];

    /// <summary>The Authorization header of each request.</summary>
    internal ConcurrentQueue<string> Tokens { get; } = [];

    /// <summary>What answers.</summary>
    internal Func<HttpContext, Task> Handler { get; set; } = _ => Task.CompletedTask;

    /// <summary>The authority, Base64 of PEM as a kubeconfig has it.</summary>
    internal string Authority => Convert.ToBase64String(Encoding.UTF8.GetBytes(_certificate.ExportCertificatePem()));

    internal string Address => _app.Urls.Single();

    internal static async Task<FakeApi> StartAsync()
    {
        var certificate = SelfSigned();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0, l => l.UseHttps(certificate)));
        var app = builder.Build();
        var api = new FakeApi(app, certificate);
        app.UseWebSockets();
        app.Run(context =>
        {
            api.Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            api.Tokens.Enqueue(context.Request.Headers.Authorization.ToString());
            return api.Handler(context);
        });
        await app.StartAsync();
        return api;
    }

    /// <summary>Answers each request with the next of the given; the last stands.</summary>
    internal void Answer(params (int Status, string ContentType, string? RetryAfter, string Body)[] answers)
    {
        var next = 0;
        Handler = context =>
        {
            var (status, type, retryAfter, body) = answers[Math.Min(next++, answers.Length - 1)];
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            if (retryAfter is not null)
            {
                context.Response.Headers.RetryAfter = retryAfter;
            }

            return context.Response.WriteAsync(body);
        };
    }

    internal static (int Status, string ContentType, string? RetryAfter, string Body) Ok(string body) => (200, "application/json", null, body);

    internal KubeConnection Connection(IKubeCredentials? credentials = null) => new(
        new Uri(Address), credentials ?? new FixedCredentials(null, "t0ken"), ServerTrust.Pem(_certificate.ExportCertificatePem(), TimeProvider.System), "space");

    internal KubeClient Client(double seconds = 10, IKubeCredentials? credentials = null) =>
        new(new KubeTransport(Connection(credentials), TimeSpan.FromSeconds(seconds), TimeProvider.System), "space");

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _certificate.Dispose();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=fake-api", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }
}
