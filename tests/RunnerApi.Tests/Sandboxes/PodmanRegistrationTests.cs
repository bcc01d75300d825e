using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public sealed class PodmanRegistrationTests
{
    [Fact]
    public void AddPodman_Section_IsBoundAndGivesADriver()
    {
        using var services = Build(("sandbox:engine", "docker"), ("sandbox:path", "/opt/docker"), ("sandbox:instance", "blue"));

        var options = services.GetRequiredService<IOptions<PodmanOptions>>().Value;
        Assert.Equal((EngineKind.Docker, "/opt/docker", "blue"), (options.Engine, options.Path, options.Instance));
        Assert.IsType<PodmanDriver>(services.GetRequiredService<ISandboxDriver>());
    }

    [Fact]
    public void AddPodman_BadSection_NamesTheKeys()
    {
        using var services = Build(("sandbox:instance", "Not Good"), ("sandbox:root", "/only/one"));

        var e = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<ISandboxDriver>());
        Assert.Equal(2, e.Failures.Count());
    }

    private static ServiceProvider Build(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => KeyValuePair.Create(s.Key, (string?)s.Value))).Build();
        return new ServiceCollection().AddLogging().AddPodman(configuration).BuildServiceProvider();
    }
}
