using System.Diagnostics;
using System.Text;
using Actors.RunnerApi.Podman;
using Actors.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>A private container storage, a local registry and the test image in it, all under one temporary directory.</summary>
public sealed class PodmanFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("actors-podman-");
    private readonly LocalRegistry _registry = new();

    /// <summary><c>127.0.0.1:port/tests/busybox@sha256:…</c>.</summary>
    internal string Image { get; private set; } = "";

    internal PodmanOptions Options => new() { Instance = "test-" + _home.Name[^6..].ToLowerInvariant(), Root = At("root"), RunRoot = At("run") };

    internal PodmanDriver NewDriver() => new(Options, TimeProvider.System, NullLogger<PodmanDriver>.Instance);

    internal string At(string name) => Path.Combine(_home.FullName, name);

    public async Task InitializeAsync()
    {
        await _registry.InitializeAsync();
        Image = await BuildAsync("busybox");
    }

    public async Task DisposeAsync()
    {
        await _registry.DisposeAsync();
        string[] storage = ["--root", At("root"), "--runroot", At("run")];
        await RunAsync("podman", [.. storage, "rm", "--all", "--force", "--time", "0"]);
        await RunAsync("podman", [.. storage, "rmi", "--all", "--force"]);
        await RunAsync("umount", [At("root/overlay")], mayFail: true);
        _home.Delete(recursive: true);
    }

    /// <summary>Builds and pushes a busybox image with more configuration. Built in a storage of its own, so that the driver really has to pull.</summary>
    internal async Task<string> BuildAsync(string name, params string[] more)
    {
        var repository = $"{_registry.Host}/tests/{name}";
        string[] buildah = ["--root", At("build"), "--runroot", At("build-run"), "--storage-driver", "vfs"];
        var container = await RunAsync("buildah", [.. buildah, "from", "scratch"]);
        await RunAsync("buildah", [.. buildah, "copy", "--quiet", container, "/usr/bin/busybox", "/bin/busybox"]);
        await RunAsync("buildah", [.. buildah, "config", "--cmd", "[\"/bin/busybox\",\"sh\"]", "--user", "0", "--volume", "/data", "--env", "FROM_IMAGE=1", container]);
        foreach (var few in more.Chunk(10))
        {
            await RunAsync("buildah", [.. buildah, "config", .. few, container]);
        }

        await RunAsync("buildah", [.. buildah, "commit", "--quiet", container, repository]);
        await RunAsync("buildah", [.. buildah, "push", "--quiet", "--tls-verify=false", "--digestfile", At("digest"), repository]);
        await RunAsync("buildah", [.. buildah, "rm", "--all"]);
        return repository + "@" + (await File.ReadAllTextAsync(At("digest"))).Trim();
    }

    private static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, bool mayFail = false)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var stderr = new StringBuilder();
        process.ErrorDataReceived += (_, e) => stderr.AppendLine(e.Data);
        process.BeginErrorReadLine();
        var stdout = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 || mayFail ? stdout.Trim() : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {stderr}");
    }
}

[CollectionDefinition(Name)]
public sealed class PodmanCollectionDefinition : ICollectionFixture<PodmanFixture>
{
    public const string Name = "podman";
}
