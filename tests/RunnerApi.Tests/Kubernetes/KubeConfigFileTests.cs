using Actors.RunnerApi.Kubernetes.Client;

namespace Actors.RunnerApi.Tests.Kubernetes;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class KubeConfigFileTests : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("actors-kubeconfig-");
    private FakeApi _api = null!;

    public async Task InitializeAsync()
    {
        _api = await FakeApi.StartAsync();
        _api.Answer(FakeApi.Ok("{\"major\":\"1\",\"minor\":\"20+\"}"));
    }

    public async Task DisposeAsync()
    {
        await _api.DisposeAsync();
        _home.Delete(recursive: true);
    }

    [Theory]
    [InlineData("token: s3cret", "Bearer s3cret")]
    [InlineData("tokenFile: token.txt", "Bearer from-file")]
    [InlineData("exec: { apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, args: [from-plugin], interactiveMode: Never }", "Bearer from-plugin")]
    public async Task Load_UserOfTheContext_IsWhoTheServerSees(string user, string authorization)
    {
        await File.WriteAllTextAsync(At("token.txt"), "from-file\n");
        await File.WriteAllTextAsync(At("plugin.sh"), "#!/bin/sh\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"'$1'\"}}'\n");
        File.SetUnixFileMode(At("plugin.sh"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var connection = Load(Config(user), "other");

        using var client = new KubeClient(new KubeTransport(connection, TimeSpan.FromSeconds(10), TimeProvider.System), connection.Namespace!);
        Assert.Equal("20+", (await client.VersionAsync(CancellationToken.None)).Minor);
        Assert.Equal(authorization, Assert.Single(_api.Tokens));
        Assert.Equal("elsewhere", client.Namespace);
    }

    [Theory]
    [InlineData("username: me", "password")]
    [InlineData("auth-provider: { name: gcp }", "auth-provider")]
    [InlineData("client-key-data: eA==", "without its key")]
    [InlineData("exec: { apiVersion: client.authentication.k8s.io/v1alpha1, command: x }", "v1alpha1")]
    public void Load_UserThatCannotBeUsed_IsRefused(string user, string words) => Refused(Config(user), "other", words);

    [Fact]
    public void Load_WhatWouldWeakenTheConnection_IsRefused()
    {
        var good = Config("token: s3cret");
        Refused(good.Replace("certificate-authority-data", "insecure-skip-tls-verify: true, x", StringComparison.Ordinal), "other", "insecure-skip-tls-verify");
        Refused(good.Replace("https://", "http://", StringComparison.Ordinal), "other", "https");
        Refused(good, "absent", "'absent'");
        Refused("- list", "", "mapping");
        Refused("a: &x b", "", "anchor");
    }

    private static void Fine(KubeConnection connection) => Assert.NotNull(connection);

    private void Refused(string text, string context, string words)
    {
        var e = Assert.Throws<KubeException>(() => Fine(Load(text, context)));
        Assert.Equal(KubeFault.Invalid, e.Fault);
        Assert.Contains(words, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", e.ToString(), StringComparison.Ordinal);
    }

    private KubeConnection Load(string text, string context)
    {
        File.WriteAllText(At("config"), text);
        return KubeConfigFile.Load(At("config"), context, TimeProvider.System);
    }

    private string At(string name) => Path.Combine(_home.FullName, name);

    private string Config(string user) => $$"""
        apiVersion: v1
        kind: Config
        current-context: first
        clusters:
          - name: c
            cluster: { server: "{{_api.Address}}", certificate-authority-data: {{_api.Authority}} }
        contexts:
          - name: first
            context: { cluster: none, user: none }
          - name: other
            context: { cluster: c, user: u, namespace: elsewhere }
        users:
          - name: u
            user: { {{user}} }
        """;
}
