using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Policy;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Actors.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Actors.Verification.Tests.Policy;

/// <summary>A policy gate as the host wires it, over a policy that trusts one key for everything under <c>host/examples/</c>.</summary>
internal sealed class GateHarness : IAsyncDisposable
{
    private readonly PolicyFolder _folder = new();
    private readonly ServiceProvider _services;

    public GateHarness(string host, string? rules = null, Func<IPAddress, bool>? redirectTarget = null)
    {
        _folder.Write("keys/demo.pub", Signer.PublicKeyPem);
        _folder.WriteRules(rules ?? RuleFor(host));
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(Clock);
        services.AddPolicyGate(new PolicyOptions { PolicyFile = _folder.PolicyPath, Deadline = TimeSpan.FromSeconds(20), CacheTime = TimeSpan.FromSeconds(60) });
        if (redirectTarget is not null)
        {
            services.Replace(ServiceDescriptor.Singleton(_ => new OciClient(redirectTarget)));
        }

        _services = services.BuildServiceProvider();
        Gate = _services.GetRequiredService<IPolicyGate>();
    }

    public IPolicyGate Gate { get; }

    public CosignTestSigner Signer { get; } = new();

    public FakeTimeProvider Clock { get; } = new();

    public static string RuleFor(string host) => $"""
          - match: "{host}/examples/**"
            insecure: true
            require:
              any:
                - key: keys/demo.pub
        """;

    /// <summary>Decides; a gate that hangs fails the test, as the deadline runs on a clock that stands still.</summary>
    public async Task<Decision> DecideAsync(string image, string profile = "default") =>
        (await Gate.DecideAsync(image, profile, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System)).Decision;

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        Signer.Dispose();
        _folder.Dispose();
    }
}
