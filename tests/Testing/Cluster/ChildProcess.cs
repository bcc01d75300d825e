using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Actors.Testing.Cluster;

/// <summary>A process of ours that can be killed, frozen and started again with the same settings. What it prints is appended to a file.</summary>
public sealed class ChildProcess(string name, string program, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string logFile) : IAsyncDisposable
{
    private readonly Lock _writing = new();
    private Process? _process;

    public string Name { get; } = name;

    public string LogFile { get; } = logFile;

    /// <summary>What the next start runs.</summary>
    public string Program { get; set; } = program;

    public bool IsRunning => _process is { HasExited: false };

    public int Id => _process?.Id ?? throw new InvalidOperationException($"{Name} does not run");

    /// <summary>The file of a project's program in its own output folder, in the configuration of the calling program.</summary>
    public static string PathOf(string folder, string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        var root = framework;
        while (!File.Exists(Path.Combine(root.FullName, "Actors.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("Actors.sln is in no parent folder of this program");
        }

        return Path.Combine(root.FullName, folder, project, "bin", framework.Parent!.Name, framework.Name, $"Actors.{project}.dll");
    }

    /// <summary>A loopback port that was free a moment ago.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Start()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // A crash dump of a killed process helps nobody here.
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, e) => Keep(e.Data);
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary><c>kill -9</c>; returns once the process is gone.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>SIGTERM; gives the exit code, or null when the process had to be killed after <paramref name="patience"/>.</summary>
    public async Task<int?> TerminateAsync(TimeSpan patience)
    {
        if (_process is not { } process)
        {
            return null;
        }

        Signal("TERM");
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience, TimeProvider.System);
            var code = process.ExitCode;
            _process = null;
            process.Dispose();
            return code;
        }
        catch (TimeoutException)
        {
            await KillAsync();
            return null;
        }
    }

    /// <summary>Sends a signal by name, such as <c>STOP</c>; nothing when the process is gone.</summary>
    public void Signal(string signal)
    {
        if (_process is { HasExited: false } process)
        {
            using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        await KillAsync();
    }

    private void OnProcessExit(object? sender, EventArgs e) => _process?.Kill();

    private void Keep(string? line)
    {
        if (line is not null)
        {
            lock (_writing)
            {
                File.AppendAllText(LogFile, line + "\n");
            }
        }
    }
}
