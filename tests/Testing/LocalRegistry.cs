using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Actors.Testing;

/// <summary>A real docker-registry process on a free loopback port, plain HTTP, with storage of its own that goes away with it. Usable as a class fixture.</summary>
public sealed class LocalRegistry : IAsyncLifetime, IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-registry-").FullName;
    private Process? _process;
    private string? _htpasswd;

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Host { get; private set; } = "";

    /// <summary>Pushes to this registry.</summary>
    public RegistryPusher Pusher { get; private set; } = null!;

    /// <summary>A started registry; dispose it.</summary>
    /// <param name="htpasswd">A line <c>name:bcrypt</c> that is needed to read and push; null for an open registry.</param>
    /// <param name="password">Of that line, for <see cref="Pusher"/>.</param>
    public static async Task<LocalRegistry> StartAsync(string? htpasswd = null, string password = "")
    {
        var registry = new LocalRegistry { _htpasswd = htpasswd };
        await registry.InitializeAsync();
        if (htpasswd is not null)
        {
            registry.Pusher.LogIn(htpasswd.Split(':')[0], password);
        }

        return registry;
    }

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        var config = Path.Combine(_directory, "config.yml");
        await File.WriteAllTextAsync(config, $"""
            version: 0.1
            log: {"{"} level: info, accesslog: {"{"} disabled: true {"}"} {"}"}
            storage:
              filesystem: {"{"} rootdirectory: {_directory}/data {"}"}
              delete: {"{"} enabled: true {"}"}
            http: {"{"} addr: "127.0.0.1:0" {"}"}
            {await AuthAsync()}
            """);
        var start = new ProcessStartInfo("docker-registry") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("serve");
        start.ArgumentList.Add(config);
        var address = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.ErrorDataReceived += (_, e) => FindAddress(e.Data, address);
        _process.OutputDataReceived += (_, e) => FindAddress(e.Data, address);
        _process.Exited += (_, _) => address.TrySetException(new InvalidOperationException("docker-registry ended before it listened"));
        _process.Start();
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        Host = await address.Task.WaitAsync(StartTimeout, TimeProvider.System);
        Pusher = new RegistryPusher(Host);
    }

    /// <summary>Stops the process; the address answers no more.</summary>
    public async Task StopAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Pusher?.Dispose();
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    private async Task<string> AuthAsync()
    {
        if (_htpasswd is null)
        {
            return "";
        }

        var file = Path.Combine(_directory, "htpasswd");
        await File.WriteAllTextAsync(file, _htpasswd + "\n");
        return $"auth: {"{"} htpasswd: {"{"} realm: test, path: {file} {"}"} {"}"}";
    }

    // The kernel picks the port; the registry's log tells it.
    private static void FindAddress(string? line, TaskCompletionSource<string> address)
    {
        var match = Regex.Match(line ?? "", @"listening on (127\.0\.0\.1:[0-9]+)", RegexOptions.None, TimeSpan.FromSeconds(1));
        if (match.Success)
        {
            address.TrySetResult(match.Groups[1].Value);
        }
    }
}
