using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Sandboxes;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>An image of a registry with a password, pulled with the gate's credential file.</summary>
[Collection(PodmanCollectionDefinition.Name)]
public sealed class PodmanPullTests(PodmanFixture podman)
{
    private const string Htpasswd = "robot:$2b$04$VrqMmfCyyvW0UJyTlPEsHe66SibWZ6yR2hmVDqJpBohM26JjTYnCO";
    private const string Password = "correct horse";

    [Theory]
    [InlineData(Password, true)]
    [InlineData("wrong horse", false)]
    public async Task CreateAsync_PrivateImage_IsPulledWithTheAuthFile(string password, bool pulls)
    {
        await using var registry = await LocalRegistry.StartAsync(Htpasswd, Password);
        var image = TestImages.Text("private " + password);
        await registry.Pusher.PushAsync("tests/private", "1", image);
        var authFile = podman.At($"auth-{Guid.NewGuid():N}.json");
        var pair = Convert.ToBase64String(Encoding.UTF8.GetBytes("robot:" + password));
        await File.WriteAllTextAsync(authFile, $$$"""{ "auths": { "{{{registry.Host}}}": { "auth": "{{{pair}}}" } } }""");
        var driver = podman.NewDriver(podman.Options with { RegistryAuthFile = authFile });
        var spec = Spec($"{registry.Host}/tests/private@{image.Digest}");

        if (pulls)
        {
            Assert.Equal(SandboxState.Created, (await driver.CreateAsync(spec, CancellationToken.None)).State);
            await driver.StopAsync(spec.Id, CancellationToken.None);
        }
        else
        {
            var e = await Assert.ThrowsAsync<SandboxException>(() => driver.CreateAsync(spec, CancellationToken.None));
            Assert.Equal(SandboxFault.PullFailed, e.Fault);
            Assert.DoesNotContain(password, e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(pair, e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CreateAsync_RegistryThatHangs_IsLeftInTime(bool withAuthFile)
    {
        using var registry = new TcpListener(IPAddress.Loopback, 0);
        registry.Start();
        var authFile = podman.At("no-auth.json");
        await File.WriteAllTextAsync(authFile, "{}");
        var time = new FakeTimeProvider();
        var driver = podman.NewDriver(podman.Options with { RegistryAuthFile = withAuthFile ? authFile : "" }, time);

        var created = driver.CreateAsync(Spec($"{registry.LocalEndpoint}/tests/hangs@sha256:{new string('a', 64)}"), CancellationToken.None);
        using var connection = await registry.AcceptTcpClientAsync();
        time.Advance(TimeSpan.FromSeconds(podman.Options.PullTimeoutSeconds));

        var e = await Assert.ThrowsAsync<SandboxException>(() => created);
        Assert.Equal(SandboxFault.PullFailed, e.Fault);
        Assert.Contains("sandbox:pullTimeoutSeconds", e.Message, StringComparison.Ordinal);

        // Nothing goes on pulling: the registry sees the end of what was asked of it.
        await connection.GetStream().CopyToAsync(Stream.Null).WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static SandboxSpec Spec(string reference) => new()
    {
        Id = $"p-{Guid.NewGuid():N}",
        Reference = reference,
        InsecureRegistry = true,
        Args = [],
        Runtime = "runc",
        CpuMillis = 1000,
        MemoryBytes = 96 * 1024 * 1024,
        Pids = 32,
        Lifetime = TimeSpan.FromSeconds(60),
        OutputBytes = 1024 * 1024,
    };
}
