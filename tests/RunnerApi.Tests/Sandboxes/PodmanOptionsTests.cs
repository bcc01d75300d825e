using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Podman;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public sealed class PodmanOptionsTests
{
    [Fact]
    public void Read_Nothing_IsTheDefault() => Assert.Equal(new PodmanOptions(), Read());

    [Fact]
    public void Read_Docker_IsTaken()
    {
        var options = Read(("Engine", "docker"), ("Path", "/opt/docker"), ("Instance", "blue"));

        Assert.Equal((EngineKind.Docker, "/opt/docker", "blue"), (options.Engine, options.Path, options.Instance));
    }

    [Fact]
    public void Read_BadValues_NamesEveryFault()
    {
        var e = Assert.Throws<SettingsException>(() => Read(
            ("Engine", "7"), ("Instance", "Not Good"), ("GvisorPlatform", "x"), ("Path", "bin/podman"), ("Root", "relative"), ("CommandTimeoutSeconds", "0"), ("StartTimeoutSeconds", "601"), ("PullTimeoutSeconds", "-1")));

        Assert.Equal(9, e.Faults.Count);
        Assert.Contains(e.Faults, f => f.StartsWith("sandbox:Instance (SANDBOX__INSTANCE): 'Not Good' is not 1 to 63", StringComparison.Ordinal));
    }

    [Fact]
    public void Instance_OfTwoStateDirectories_Differs()
    {
        var options = new PodmanOptions();

        Assert.NotEqual(options.WithInstanceOf("/var/lib/a").Instance, options.WithInstanceOf("/var/lib/b").Instance);
        Assert.Equal(options.WithInstanceOf("/var/lib/a").Instance, options.WithInstanceOf("/var/lib/x/../a").Instance);
        Assert.Equal("blue", new PodmanOptions { Instance = "blue" }.WithInstanceOf("/var/lib/a").Instance);
    }

    private static PodmanOptions Read(params (string Key, string Value)[] settings)
    {
        var reader = new SettingsReader(PodmanOptions.Section, key => settings.FirstOrDefault(s => s.Key == key).Value);
        var options = PodmanOptions.Read(reader);
        SettingsReader.ThrowOnFaults(reader);
        return options;
    }
}
