using System.ComponentModel;
using System.Diagnostics;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>One process of the engine's program. Disposing kills it: none outlives the one who asked for it.</summary>
internal sealed class EngineClient : IAsyncDisposable
{
    // The runner's own environment holds its secrets; the engine gets only what it needs to find its files, its registry logins and its proxies.
    private static readonly string[] Inherited =
    [
        "PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS", "CONTAINERS_CONF", "CONTAINERS_STORAGE_CONF",
        "CONTAINERS_REGISTRIES_CONF", "REGISTRY_AUTH_FILE", "DOCKER_CONFIG", "DOCKER_HOST", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
        "http_proxy", "https_proxy", "no_proxy",
    ];

    private readonly Process _process;

    private EngineClient(Process process)
    {
        _process = process;
        Stdin = process.StandardInput.BaseStream;
        Stdout = process.StandardOutput.BaseStream;
        Stderr = process.StandardError.BaseStream;
        Exited = process.WaitForExitAsync(CancellationToken.None);
    }

    internal Stream Stdin { get; }

    internal Stream Stdout { get; }

    internal Stream Stderr { get; }

    /// <summary>Completes when the process has ended.</summary>
    internal Task Exited { get; }

    /// <summary>Valid once <see cref="Exited"/> has completed.</summary>
    internal int ExitCode => _process.ExitCode;

    /// <exception cref="SandboxException"><see cref="SandboxFault.EngineUnavailable"/>: not installed or not executable.</exception>
    internal static EngineClient Start(string program, IReadOnlyList<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        var kept = Inherited.Select(n => (Name: n, Value: Environment.GetEnvironmentVariable(n))).Where(v => v.Value is not null).ToList();
        info.Environment.Clear();
        kept.ForEach(v => info.Environment[v.Name] = v.Value);

        try
        {
            return new EngineClient(Process.Start(info) ?? throw new Win32Exception("no process was started"));
        }
        catch (Win32Exception e)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{program}' cannot be run ({e.Message}); install it or set sandbox:path to the engine's program.", e);
        }
    }

    /// <summary>Drops what comes from one of the outputs, until its end.</summary>
    internal static async Task DrainAsync(Stream output)
    {
        try
        {
            await output.CopyToAsync(Stream.Null);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client was disposed.
        }
    }

    /// <summary>Kills the process, if it still runs, and releases its streams.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            // The process alone: conmon, which holds a container, can still be its child at this moment.
            _process.Kill(entireProcessTree: false);
        }
        catch (InvalidOperationException)
        {
            // It has ended.
        }

        await Exited;
        _process.Dispose();
    }
}
