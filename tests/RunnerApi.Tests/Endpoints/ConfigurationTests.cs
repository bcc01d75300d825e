using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.RunnerApi.Tests.Support;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Actors.RunnerApi.Tests.Endpoints;

public sealed class ConfigurationTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("actors-conf-");

    [Fact]
    public void Read_WithManyFaults_NamesThemAllWithKeyAndVariable()
    {
        var e = Assert.Throws<SettingsException>(() => Read(("MaxSandboxes", "0"), ("MaxLineBytes", "many"), ("Url", "http://0.0.0.0:7431"), ("SecretsDirectory", "/nonexistent/x")));
        Assert.Equal(7, e.Faults.Count);
        Assert.Contains("Actors:Runner:MaxSandboxes (ACTORS__RUNNER__MAXSANDBOXES): 0 is not between 1 and 1000.", e.Faults);
        Assert.Contains(e.Faults, f => f.StartsWith("Actors:Runner:TokenFile (ACTORS__RUNNER__TOKENFILE): must be set", StringComparison.Ordinal));
        Assert.Contains(e.Faults, f => f.Contains("'many'", StringComparison.Ordinal));
        Assert.Contains(e.Faults, f => f.Contains("AllowNonLoopback=true", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://0.0.0.0:1", "false", false)]
    [InlineData("http://0.0.0.0:1", "true", true)]
    [InlineData("http://[::]:1", "false", false)]
    [InlineData("http://[::1]:1", "false", true)]
    [InlineData("http://localhost:1", "false", true)]
    [InlineData("http://127.0.0.2:1", "false", true)]
    [InlineData("http://10.1.2.3:1", "false", false)]
    [InlineData("http://runner.example:1", "true", false)]
    [InlineData("https://127.0.0.1:1", "false", false)]
    [InlineData("http://127.0.0.1:1/path", "false", false)]
    public void Url_ThatOthersCanReach_NeedsPermission(string url, string allow, bool accepted)
    {
        var token = TokenFile(RunnerHarness.Token, UnixFileMode.UserRead);
        var read = () => Read(("Url", url), ("AllowNonLoopback", allow), ("TokenFile", token), ("StateDirectory", "/tmp/x"), ("PolicyFile", "/tmp/policy.yaml"));
        if (accepted)
        {
            Assert.NotNull(read());
        }
        else
        {
            Assert.Single(Assert.Throws<SettingsException>(read).Faults);
        }
    }

    [Theory]
    [InlineData(RunnerHarness.Token, UnixFileMode.UserRead | UnixFileMode.UserWrite, null)]
    [InlineData(RunnerHarness.Token, UnixFileMode.UserRead | UnixFileMode.GroupRead, null)]
    [InlineData(RunnerHarness.Token, UnixFileMode.UserRead | UnixFileMode.GroupWrite, "chmod 600")]
    [InlineData(RunnerHarness.Token, UnixFileMode.UserRead | UnixFileMode.OtherWrite, "chmod 600")]
    [InlineData(RunnerHarness.Token, UnixFileMode.UserRead | UnixFileMode.OtherRead, "chmod 600")]
    [InlineData("", UnixFileMode.UserRead, "at least 32")]
    [InlineData("0123456789abcdef0123456789abcde \n", UnixFileMode.UserRead, "at least 32")]
    public void Token_MustBeLongAndPrivate(string text, UnixFileMode mode, string? fault)
    {
        var token = Contracts.Configuration.TokenFile.Read(TokenFile(text, mode), out var found);
        Assert.Equal(fault is null, token is not null);
        Assert.Equal(fault is null, found is null);
        Assert.Contains(fault ?? "", found ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Token_ThatIsMissing_IsAFault()
    {
        Assert.Null(Contracts.Configuration.TokenFile.Read(Path.Combine(_root.FullName, "absent"), out var fault));
        Assert.Contains("create it", fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StateDirectory_OfAnotherRunner_IsRefused()
    {
        await using var runner = await RunnerHarness.StartAsync();
        var e = Assert.Throws<IOException>(() => new RunnerApi.Sessions.Journal.StateDirectory(runner.PathOf("state")));
        Assert.Contains("StateDirectory", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux/arm64", true)]
    [InlineData("", true)]
    [InlineData("arm64", false)]
    [InlineData("windows/amd64", false)]
    public void Read_Platform_IsTheGates(string platform, bool accepted)
    {
        var read = () => Read(("TokenFile", TokenFile(RunnerHarness.Token, UnixFileMode.UserRead)), ("StateDirectory", "/tmp/x"), ("PolicyFile", "/tmp/policy.yaml"), ("Platform", platform));
        if (!accepted)
        {
            Assert.Contains("Actors:Runner:Platform", Assert.Single(Assert.Throws<SettingsException>(read).Faults), StringComparison.Ordinal);
            return;
        }

        var policy = read().Policy;
        Assert.Equal(platform.Length > 0 ? platform : Verification.Oci.OciPlatform.Host.ToString(), policy.Platform.ToString());
        Assert.False(policy.PlatformByNodes);
    }

    [Fact]
    public void Read_RegistryAuthFile_IsTheGatesAndTheEngines()
    {
        var auth = Path.Combine(_root.FullName, "auth.json");
        File.WriteAllText(auth, "{}");

        var settings = Read(("TokenFile", TokenFile(RunnerHarness.Token, UnixFileMode.UserRead)), ("StateDirectory", "/tmp/x"), ("PolicyFile", "/tmp/policy.yaml"), ("RegistryAuthFile", auth));

        Assert.Equal((auth, auth), (settings.Policy.RegistryAuthFile, settings.Engine.RegistryAuthFile));
    }

    public void Dispose() => _root.Delete(recursive: true);

    private string TokenFile(string text, UnixFileMode mode)
    {
        var path = Path.Combine(_root.FullName, "token");
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return path;
    }

    private static RunnerSettings Read(params (string Key, string Value)[] values) => RunnerSettings.Read(
        new ConfigurationBuilder().AddInMemoryCollection(values.Select(v => KeyValuePair.Create("Actors:Runner:" + v.Key, (string?)v.Value))).Build());
}
