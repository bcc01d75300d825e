using System.Net;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.Silo;
using Actors.Silo.Configuration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Actors.Integration.Tests.Settings;

/// <summary>The silo's settings, and how it stops.</summary>
public sealed class SiloHostTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actors-silo-");

    public SiloHostTests()
    {
        Directory.CreateDirectory(At("workflows"));
        File.WriteAllText(At("workflows/w.yaml"), EndToEnd.ShellServer.CountApproved("registry.invalid/x:1"));
        Secret("token", new string('a', 64));
        Secret("empty", "\n");
        Secret("password", "p\n");
    }

    [Theory]
    [InlineData("LeaseSeconds", "5", "DrainSeconds", "5", "DrainSeconds")]
    [InlineData("LeaseSeconds", "200", "MaxQueueAgeSeconds", "100", "MaxQueueAgeSeconds")]
    [InlineData("MaxStrikes", "1", "DrainSeconds", "1", "MaxStrikes")]
    [InlineData("SiloName", "a b", "DrainSeconds", "1", "SiloName")]
    [InlineData("RetentionDays", "-1", "DrainSeconds", "1", "RetentionDays")]
    [InlineData("Database", "Host=x;Password=hunter2", "DrainSeconds", "1", "DatabasePasswordFile")]
    [InlineData("Database", "postgres://me:hunter2@x/db", "DrainSeconds", "1", "DatabasePasswordFile")]
    [InlineData("Database", "postgres://x/db?sslpassword=hunter2", "DrainSeconds", "1", "DatabasePasswordFile")]
    [InlineData("Database", "Host=x;SSL Password=hunter2", "DrainSeconds", "1", "DatabasePasswordFile")]
    [InlineData("DatabasePasswordFile", "empty", "DrainSeconds", "1", "is empty")]
    [InlineData("DatabasePasswordFile", "missing", "DrainSeconds", "1", "can't be read")]
    public void Read_ValuesThatDoNotFit_AreNamedAndNoSecretIsRepeated(string name, string value, string other, string otherValue, string word)
    {
        var given = name == "DatabasePasswordFile" ? At(value) : value;
        var e = Assert.Throws<SettingsException>(() => Read((name, given), (other, otherValue)));

        Assert.Contains(word, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", e.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgres://me@x:5433/db?sslmode=verify-full")]
    [InlineData("Host=x;Username=me;Database=password")]
    public void Read_DatabaseWithItsPasswordInAFile_IsTaken(string database) =>
        Assert.Equal("p", Read(("Database", database), ("DatabasePasswordFile", At("password"))).DatabasePassword);

    [Fact]
    public async Task Stop_ReadinessIsGone_WhileTheServerStillAnswers()
    {
        await using var app = SiloApp.Build([.. Values().Select(v => $"--Actors:Silo:{v.Key}={v.Value}")]);
        await app.StartAsync();
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        using var http = new HttpClient();
        (HttpStatusCode Status, string Text) seen = default;
        using var stopping = app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() =>
        {
            using var response = http.Send(new HttpRequestMessage(HttpMethod.Get, url + "/readyz"));
            using var reader = new StreamReader(response.Content.ReadAsStream());
            seen = (response.StatusCode, reader.ReadToEnd());
        });
        await app.StopAsync();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, seen.Status);
        Assert.Contains("draining", seen.Text, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private SiloSettings Read(params (string Name, string Value)[] changes)
    {
        var values = Values();
        foreach (var (name, value) in changes)
        {
            values[name] = value;
        }

        return SiloSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(values.ToDictionary(v => $"{SiloOptions.Section}:{v.Key}", v => (string?)v.Value, StringComparer.Ordinal)).Build());
    }

    private Dictionary<string, string> Values() => new(StringComparer.Ordinal)
    {
        ["Url"] = "http://127.0.0.1:0",
        ["Database"] = At("silo.db"),
        ["Workflows"] = At("workflows"),
        ["RunnerUrl"] = "http://127.0.0.1:9",
        ["RunnerTokenFile"] = At("token"),
    };

    private string At(string name) => Path.Combine(_folder.FullName, name);

    private void Secret(string name, string text)
    {
        File.WriteAllText(At(name), text);
        File.SetUnixFileMode(At(name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
