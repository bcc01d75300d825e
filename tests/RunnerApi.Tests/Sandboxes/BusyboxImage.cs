using System.Diagnostics;
using System.Text;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>Makes the test image, in <paramref name="home"/>, and pushes it to <paramref name="host"/>.</summary>
internal sealed class BusyboxImage(string home, string host)
{
    /// <summary>Builds and pushes a busybox image with more configuration. Its layer is its own and it is built in a storage of its own, so that the driver really has to pull.</summary>
    internal async Task<string> BuildAsync(string name, params string[] more)
    {
        var repository = $"{host}/tests/{name}";
        string[] buildah = ["--root", At("build"), "--runroot", At("build-run"), "--storage-driver", "vfs"];
        var container = await RunAsync("buildah", [.. buildah, "from", "scratch"]);

        // Of two images made in the same second the layers would be the same, and only the first would be pulled whole.
        await File.WriteAllTextAsync(At("unique"), Guid.NewGuid().ToString());
        await RunAsync("buildah", [.. buildah, "copy", "--quiet", container, "/usr/bin/busybox", At("unique"), "/bin/"]);
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

    internal static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, bool mayFail = false)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var stderr = new StringBuilder();
        process.ErrorDataReceived += (_, e) => stderr.AppendLine(e.Data);
        process.BeginErrorReadLine();
        var stdout = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 || mayFail ? stdout.Trim() : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}: {stderr}");
    }

    private string At(string name) => Path.Combine(home, name);
}
