using Actors.RunnerApi.Policy;
using Actors.Verification.Policy;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Actors.RunnerApi.Tests.Policy;

public sealed class PolicyServicesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-runner-policy-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task AddPolicyGate_BadPolicy_HostDoesNotStart()
    {
        using var host = HostFor("version: 1\nregistries:\n  - match: ghcr.io/a\n");

        await Assert.ThrowsAsync<PolicyException>(() => host.StartAsync());
    }

    [Fact]
    public async Task AddPolicyGate_GoodPolicy_GateDecidesByIt()
    {
        using var host = HostFor("""
            version: 1
            registries: [ { match: ghcr.io/a, deny: true } ]
            profiles: { default: { defaults: { cpu: 1, memory: 1Gi, pids: 10, lifetime: 1m }, caps: { cpu: 1, memory: 1Gi, pids: 10, lifetime: 1m } } }
            """);
        await host.StartAsync();

        var result = await host.Services.GetRequiredService<IPolicyGate>().DecideAsync("ghcr.io/a:1", "default", CancellationToken.None);

        Assert.Equal("ghcr.io/a", result.Decision.Rule);
        Assert.False(result.Decision.Admitted);
        await host.StopAsync();
    }

    [Fact]
    public void AddPolicyGate_DeadlineOutOfRange_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new ServiceCollection().AddPolicyGate(new PolicyOptions { PolicyFile = "x", Deadline = TimeSpan.Zero }));

    private IHost HostFor(string policy)
    {
        var path = Path.Combine(_directory, "policy.yaml");
        File.WriteAllText(path, policy);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddPolicyGate(new PolicyOptions { PolicyFile = path });
        return builder.Build();
    }
}
