using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.Testing;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>A process of ours, built as the tests are, that can be killed without warning and started again with the same settings.</summary>
internal sealed class ActorsProcess(string program, string url, IReadOnlyDictionary<string, string> environment) : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private Process? _process;

    /// <summary>Id of the process that runs now.</summary>
    public int Id => _process!.Id;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The program's file in its own output folder, in the configuration that the tests were built in.</summary>
    public static string PathOf(string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        var root = framework;
        while (!File.Exists(Path.Combine(root.FullName, "Actors.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("Actors.sln is in no parent folder of the tests");
        }

        return Path.Combine(root.FullName, "src", project, "bin", framework.Parent!.Name, framework.Name, project == "Cli" ? "actors.dll" : $"Actors.{project}.dll");
    }

    /// <summary>A loopback URL whose port was free a moment ago.</summary>
    public static string FreeUrl()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
    }

    /// <summary>Starts it without waiting.</summary>
    public Process Launch()
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(PathOf(program));
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Keep(e.Data);
        _process.ErrorDataReceived += (_, e) => Keep(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        return _process;
    }

    public async Task StartAsync()
    {
        using var http = new HttpClient();
        var process = Launch();
        await Poll.UntilAsync(async () =>
        {
            Assert.False(process.HasExited, $"{program} ended: {Output}");
            try
            {
                return (await http.GetAsync(new Uri($"{url}/readyz"))).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>SIGTERM; it must end by itself without a fault.</summary>
    public async Task TerminateAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync();
        Assert.True(_process.ExitCode == 0, Output);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }
    }

    private void Keep(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }
}
