using System.Net;

namespace Actors.Testing.Cluster;

/// <summary>One silo of a cluster: a real process that reaches PostgreSQL and the runner through proxies of its own.</summary>
public sealed class SiloNode : IAsyncDisposable
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);
    private readonly ChildProcess _process;
    private readonly Lock _launching = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };

    internal SiloNode(int number, int postgresPort, Uri runner, SiloClusterOptions options, Func<SiloNode, IReadOnlyDictionary<string, string>> environment, string logFolder)
    {
        Number = number;
        Address = IPAddress.Parse($"127.0.1.{number}");
        Proxy = TcpProxy.Start(postgresPort, Address, options.Edit);
        RunnerProxy = TcpProxy.Start(runner.Port, Address, isPostgres: false);
        ClockFile = Path.Combine(logFolder, $"clock-{number}");
        Url = new Uri($"http://127.0.0.1:{ChildProcess.FreePort()}");
        _process = new ChildProcess($"silo {number}", options.SiloProgram ?? ChildProcess.PathOf("src", "Silo"), options.SiloArguments, environment(this), Path.Combine(logFolder, $"silo-{number}.log"));
    }

    /// <summary>From 1.</summary>
    public int Number { get; }

    /// <summary>What PostgreSQL sees as this silo's address.</summary>
    public IPAddress Address { get; }

    /// <summary>The way to PostgreSQL.</summary>
    public TcpProxy Proxy { get; }

    /// <summary>The way to the runner.</summary>
    public TcpProxy RunnerProxy { get; }

    /// <summary>Holds the seconds by which the silo's wall clock is off; only a program that looks there has such a clock.</summary>
    public string ClockFile { get; }

    public Uri Url { get; }

    public bool IsRunning => _process.IsRunning;

    public bool IsPaused { get; private set; }

    /// <summary>Launched, and neither killed nor stopped on purpose since: when it does not run, it ended by itself.</summary>
    public bool IsWanted { get; private set; }

    public int ProcessId => _process.Id;

    public string LogFile => _process.LogFile;

    /// <summary>The silo's program from its next start on, such as another version's.</summary>
    public void Use(string program) => _process.Program = program;

    /// <summary>Starts the process without waiting for it. Nothing when it runs: a supervisor may come first.</summary>
    public void Launch()
    {
        lock (_launching)
        {
            IsWanted = true;
            if (!_process.IsRunning)
            {
                _process.Start();
            }
        }
    }

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        Launch();
        await ReadyAsync();
    }

    public async Task ReadyAsync()
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await IsReadyAsync())
        {
            if (!_process.IsRunning || TimeProvider.System.GetElapsedTime(start) > StopPatience)
            {
                throw new InvalidOperationException($"silo {Number} does not start; see {LogFile}:\n{Tail()}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Url, "/readyz"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    /// <summary><c>kill -9</c>.</summary>
    public Task KillAsync()
    {
        IsPaused = false;
        IsWanted = false;
        return _process.KillAsync();
    }

    /// <summary>SIGTERM; the exit code, or null when it did not end in time.</summary>
    public Task<int?> StopAsync()
    {
        IsWanted = false;
        return _process.TerminateAsync(StopPatience);
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause()
    {
        IsPaused = true;
        _process.Signal("STOP");
    }

    /// <summary>SIGCONT.</summary>
    public void Resume()
    {
        IsPaused = false;
        _process.Signal("CONT");
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await Proxy.DisposeAsync();
        await RunnerProxy.DisposeAsync();
        _http.Dispose();
    }

    private string Tail() => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(20)) : "";
}
