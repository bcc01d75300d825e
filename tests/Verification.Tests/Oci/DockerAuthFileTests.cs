using System.Runtime.Versioning;
using System.Text;
using Actors.Testing;
using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

[SupportedOSPlatform("linux")]
public sealed class DockerAuthFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-auth-").FullName;
    private readonly FakeTimeProvider _clock = new();

    private string FilePath => Path.Combine(_directory, "config.json");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("ghcr.io", "a/b", "host")]
    [InlineData("ghcr.io", "acme/x", "acme")]
    [InlineData("ghcr.io", "acme", "acme")]
    [InlineData("ghcr.io", "acmex/y", "host")]
    [InlineData("ghcr.io", "acme/tool/deep", "tool")]
    [InlineData("docker.io", "library/busybox", "hub")]
    [InlineData("127.0.0.1:5000", "a/b", "port")]
    [InlineData("legacy.test", "a/b", "legacy")]
    [InlineData("127.0.0.1", "a/b", null)]
    [InlineData("evil.ghcr.io", "acme/x", null)]
    [InlineData("ghcr.io.evil", "acme/x", null)]
    public async Task FindAsync_Auths_TheMostSpecificKeyOfThatRegistryWins(string host, string repository, string? user)
    {
        Write($$$"""
            {"auths": {
              "GHCR.io": {"auth": "{{{Auth("host:p:w")}}}"},
              "ghcr.io/acme": {"auth": "{{{Auth("acme:pw")}}}"},
              "ghcr.io/acme/tool": {"username": "tool", "password": "pw"},
              "https://index.docker.io/v1/": {"auth": "{{{Auth("hub:pw")}}}"},
              "http://legacy.test/v2/": {"auth": "{{{Auth("legacy:pw")}}}"},
              "127.0.0.1:5000": {"auth": "{{{Auth("port:pw")}}}"}
            }}
            """);

        var found = await FindAsync(host, repository);

        Assert.Equal(user, found?.Username);
        Assert.Equal(user is null ? null : user == "host" ? "p:w" : "pw", found?.Password);
    }

    [Fact]
    public async Task FindAsync_IdentityToken_WinsOverTheEmptyPasswordBesideIt()
    {
        Write($$$"""{"auths": {"ghcr.io": {"auth": "{{{Auth("00000000:")}}}", "identitytoken": "refresh-me"} } }""");

        var found = await FindAsync("ghcr.io", "a/b");

        Assert.Equal(("refresh-me", null), (found!.IdentityToken, found.Username));
    }

    [Fact]
    public async Task FindAsync_FileThatWasRenewed_IsReadAnew()
    {
        Write($$$"""{"auths": {"ghcr.io": {"auth": "{{{Auth("old:pw")}}}"} } }""");
        var file = new DockerAuthFile(FilePath, new CredentialHelper(_clock, _directory));
        Assert.Equal("old", (await file.FindAsync("ghcr.io", "a/b", default))!.Username);

        Write($$$"""{"auths": {"ghcr.io": {"auth": "{{{Auth("new:pw")}}}"} } }""");

        Assert.Equal("new", (await file.FindAsync("ghcr.io", "a/b", default))!.Username);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("[]")]
    [InlineData("{\"auths\":{\"ghcr.io\":{\"auth\":\"c2VjcmV0\"}}}")]
    [InlineData("{\"auths\":{\"ghcr.io\":{\"auth\":\"%%secret%%\"}}}")]
    [InlineData("{\"auths\":{},\"auths\":{}}")]
    public async Task FindAsync_BrokenFile_IsACredentialsFaultThatQuotesNoSecret(string json)
    {
        Write(json);

        var e = await RegistryAssert.FaultAsync(RegistryFault.Credentials, () => FindAsync("ghcr.io", "a/b"), FilePath);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public Task FindAsync_NoFile_IsACredentialsFault() => RegistryAssert.FaultAsync(RegistryFault.Credentials, () => FindAsync("ghcr.io", "a/b"), "does not exist");

    [Fact]
    public Task FindAsync_HugeFile_IsACredentialsFault()
    {
        Write(new string(' ', (1024 * 1024) + 1));
        return RegistryAssert.FaultAsync(RegistryFault.Credentials, () => FindAsync("ghcr.io", "a/b"), "more than");
    }

    [Fact]
    public async Task FindAsync_HelperOfTheRegistry_IsAskedWithTheKeyOnItsInputAndNothingOnItsCommandLine()
    {
        Helper("my-own_1.0", """echo "$# $*" > "$0.args"; cat > "$0.in"; echo '{"ServerURL":"x","Username":"robot","Secret":"pw"}'""");
        Write("""{"credHelpers": {"ghcr.io": "my-own_1.0"}, "auths": {"ghcr.io": {}}}""");

        var found = await FindAsync("ghcr.io", "a/b");

        Assert.Equal(("robot", "pw"), (found!.Username, found.Password));
        Assert.Equal("1 get\n", await File.ReadAllTextAsync(Path.Combine(_directory, "docker-credential-my-own_1.0.args")));
        Assert.Equal("ghcr.io", await File.ReadAllTextAsync(Path.Combine(_directory, "docker-credential-my-own_1.0.in")));
    }

    [Fact]
    public async Task FindAsync_Store_IsAskedForWhatNothingElseNames()
    {
        Helper("store", """server=$(cat); echo '{"Username":"<token>","Secret":"for '"$server"'"}'""");
        Write($$$"""{"credsStore": "store", "auths": {"https://index.docker.io/v1/": {}, "ghcr.io": {"auth": "{{{Auth("own:pw")}}}"} } }""");

        Assert.Equal("for https://index.docker.io/v1/", (await FindAsync("docker.io", "a/b"))!.IdentityToken);
        Assert.Equal("own", (await FindAsync("ghcr.io", "a/b"))!.Username);
    }

    [Fact]
    public async Task FindAsync_HelperThatHasNone_IsAnonymous()
    {
        Helper("none", "echo 'credentials not found in native keychain'; exit 1");
        Write("""{"credsStore": "none"}""");

        Assert.Null(await FindAsync("ghcr.io", "a/b"));
    }

    [Theory]
    [InlineData("echo secret; exit 1", "exit code 1")]
    [InlineData("echo secret", "no JSON object")]
    [InlineData("echo '{\"Username\":\"secret\"}'", "no JSON object")]
    [InlineData("printf '\\377\\376\\000secret'", "no JSON object")]
    [InlineData("yes secret", "more than")]
    public async Task FindAsync_HelperThatFailsOrTalksNonsense_IsACredentialsFaultThatQuotesNothing(string script, string why)
    {
        Helper("bad", script);
        Write("""{"credsStore": "bad"}""");

        var e = await RegistryAssert.FaultAsync(RegistryFault.Credentials, () => FindAsync("ghcr.io", "a/b"), why);
        Assert.DoesNotContain("secret", e.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FindAsync_HelperThatHangs_IsEndedAfterItsTime()
    {
        Helper("slow", """echo $$ > "$0.pid.new"; mv "$0.pid.new" "$0.pid"; sleep 1000""");
        Write("""{"credsStore": "slow"}""");
        var pidFile = Path.Combine(_directory, "docker-credential-slow.pid");

        var find = FindAsync("ghcr.io", "a/b");
        await Poll.UntilAsync(() => File.Exists(pidFile));
        Assert.False(find.IsCompleted);
        _clock.Advance(CredentialHelper.Patience);

        await RegistryAssert.FaultAsync(RegistryFault.Deadline, () => find, "within 10 s");
        var pid = (await File.ReadAllTextAsync(pidFile)).Trim();
        await Poll.UntilAsync(() => !File.Exists($"/proc/{pid}/cmdline") || File.ReadAllText($"/proc/{pid}/cmdline").Length == 0);
    }

    [Fact]
    public async Task FindAsync_CallersDeadline_EndsAHelperToo()
    {
        Helper("slow", """touch "$0.on"; sleep 1000""");
        Write("""{"credsStore": "slow"}""");
        using var deadline = new CancellationTokenSource();

        var find = new DockerAuthFile(FilePath, new CredentialHelper(_clock, _directory)).FindAsync("ghcr.io", "a/b", deadline.Token);
        await Poll.UntilAsync(() => File.Exists(Path.Combine(_directory, "docker-credential-slow.on")));
        await deadline.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => find);
    }

    [Fact]
    public async Task FindAsync_HelperAnswer_IsRememberedForAMinute()
    {
        Helper("count", """echo x >> "$0.count"; echo '{"Username":"robot","Secret":"pw"}'""");
        Write("""{"credsStore": "count"}""");
        var file = new DockerAuthFile(FilePath, new CredentialHelper(_clock, _directory));
        var count = Path.Combine(_directory, "docker-credential-count.count");

        await file.FindAsync("ghcr.io", "a/b", default);
        await file.FindAsync("ghcr.io", "a/b", default);
        Assert.Single(await File.ReadAllLinesAsync(count));

        _clock.Advance(TimeSpan.FromMinutes(1));
        await file.FindAsync("ghcr.io", "a/b", default);
        Assert.Equal(2, (await File.ReadAllLinesAsync(count)).Length);
    }

    [Theory]
    [InlineData("../../bin/sh", "characters")]
    [InlineData("a b", "characters")]
    [InlineData("missing", "not installed")]
    public Task FindAsync_HelperThatIsNoNameOrNotThere_IsACredentialsFault(string name, string why)
    {
        Write($$$"""{"credsStore": "{{{name}}}"}""");
        return RegistryAssert.FaultAsync(RegistryFault.Credentials, () => FindAsync("ghcr.io", "a/b"), why);
    }

    [Fact]
    public async Task GetAsync_NameTooShortOrTooLong_IsNotLookedFor()
    {
        foreach (var name in (string[])["", new string('a', 65)])
        {
            Helper(name, "echo '{\"Username\":\"robot\",\"Secret\":\"pw\"}'");
            await RegistryAssert.FaultAsync(RegistryFault.Credentials, () => new CredentialHelper(_clock, _directory).GetAsync(name, "ghcr.io", default), "names a credential helper");
        }
    }

    [Fact]
    public async Task GetAsync_HelperThatMayNotBeExecuted_IsACredentialsFault()
    {
        Helper("text", "echo '{}'");
        File.SetUnixFileMode(Path.Combine(_directory, "docker-credential-text"), UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await RegistryAssert.FaultAsync(RegistryFault.Credentials, () => new CredentialHelper(_clock, _directory).GetAsync("text", "ghcr.io", default), "cannot be started");
    }

    private static string Auth(string pair) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pair));

    private void Write(string json) => File.WriteAllText(FilePath, json);

    private void Helper(string name, string script)
    {
        var path = Path.Combine(_directory, "docker-credential-" + name);
        File.WriteAllText(path, "#!/bin/sh\n" + script + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private Task<RegistryCredential?> FindAsync(string host, string repository) =>
        new DockerAuthFile(FilePath, new CredentialHelper(_clock, _directory)).FindAsync(host, repository, default);
}
