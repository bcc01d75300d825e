using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Actors.Testing;

/// <summary>A real, throw-away PostgreSQL server with its own data folder: on a free loopback port and a Unix socket, durable as in production. Everything goes away with it.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly string _binaries;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly Queue<string> _log = new();
    private Process? _process;
    private int _databases;

    private PostgresServer(string folder, IReadOnlyDictionary<string, string> settings)
    {
        _folder = folder;
        _binaries = FindBinaries();
        _settings = settings;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>The superuser.</summary>
    public static string User => "postgres";

    /// <summary>The superuser's password.</summary>
    public string Password { get; private init; } = Guid.NewGuid().ToString("N");

    /// <summary>On 127.0.0.1; stays the same across restarts.</summary>
    public int Port { get; private set; }

    /// <summary>Holds the Unix socket; Npgsql takes it as a host.</summary>
    public string SocketDirectory => Path.Combine(_folder, "socket");

    /// <summary>The data folder.</summary>
    public string DataDirectory => Path.Combine(_folder, "data");

    /// <summary>Of the postmaster; null when it does not run.</summary>
    public int? ProcessId => _process is { HasExited: false } process ? process.Id : null;

    /// <summary>A started server; dispose it.</summary>
    /// <param name="settings">More lines for postgresql.conf, such as <c>max_connections</c>.</param>
    /// <param name="parent">Where to make its folder, such as a small file system; null for the temporary folder.</param>
    public static async Task<PostgresServer> StartAsync(IReadOnlyDictionary<string, string>? settings = null, string? parent = null)
    {
        var server = new PostgresServer(NewFolder(parent), settings ?? new Dictionary<string, string>());
        return await StartedAsync(server, server.InitializeAsync);
    }

    /// <summary>A started standby that follows this server by streaming; dispose it too.</summary>
    public async Task<PostgresServer> StartStandbyAsync()
    {
        var standby = new PostgresServer(NewFolder(null), _settings) { Password = Password };
        return await StartedAsync(standby, () => standby.CopyAsync(this));
    }

    /// <summary>For Npgsql, over loopback TCP.</summary>
    public string ConnectionString(string database = "postgres") => $"Host=127.0.0.1;Port={Port};Username={User};Password={Password};Database={database}";

    /// <summary>Makes an empty database and gives its connection string.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"db{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        return ConnectionString(name);
    }

    /// <summary>Runs SQL as the superuser.</summary>
    public async Task ExecuteAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection(ConnectionString(database) + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Starts the stopped or killed server and waits until it answers: after a crash, until it has recovered.</summary>
    public async Task StartAsync()
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (ProcessId is null)
            {
                Launch();
            }

            try
            {
                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (Exception e) when (e is NpgsqlException && TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            }
            catch (NpgsqlException e)
            {
                throw new InvalidOperationException("PostgreSQL does not start:\n" + Log(), e);
            }
        }
    }

    /// <summary>Fast shutdown: sessions are cut, what is committed is kept.</summary>
    public Task StopAsync() => EndAsync("INT");

    /// <summary>SIGKILL to the postmaster and its backends at once, as when the machine's power fails (the disk's cache survives).</summary>
    public async Task Kill9Async()
    {
        if (_process is { } process)
        {
            process.Kill(entireProcessTree: true);
            await ReapAsync();
        }
    }

    /// <summary>Stops and starts.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>The server's last lines.</summary>
    public string Log()
    {
        lock (_log)
        {
            return string.Join('\n', _log);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        await EndAsync("QUIT");
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string NewFolder(string? parent) =>
        Directory.CreateDirectory(Path.Combine(parent ?? Path.GetTempPath(), "actors-pg-" + Guid.NewGuid().ToString("N")[..8])).FullName;

    private static async Task<PostgresServer> StartedAsync(PostgresServer server, Func<Task> prepare)
    {
        try
        {
            await prepare();
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private static string FindBinaries()
    {
        const string root = "/usr/lib/postgresql";
        var found = Directory.Exists(root) ? Directory.GetDirectories(root).Select(d => Path.Combine(d, "bin")).Where(d => File.Exists(Path.Combine(d, "postgres"))).Order(StringComparer.Ordinal).LastOrDefault() : null;
        return found ?? throw new InvalidOperationException($"No PostgreSQL server under {root}. Install the package 'postgresql'.");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task CopyAsync(PostgresServer primary)
    {
        await PrepareFolderAsync();
        await RunAsync(AsServerUser("pg_basebackup", ["-D", DataDirectory, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", $"host=127.0.0.1 port={primary.Port} user={User} password={Password}"]));

        // The last line counts.
        await File.AppendAllLinesAsync(Path.Combine(DataDirectory, "postgresql.conf"), [$"port = {Port}", $"unix_socket_directories = '{SocketDirectory}'"]);
    }

    private async Task PrepareFolderAsync()
    {
        Port = FreePort();
        Directory.CreateDirectory(SocketDirectory);
        await File.WriteAllTextAsync(PasswordFile, Password);
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync(new ProcessStartInfo("chown", ["-R", User, _folder]));
        }
    }

    private string PasswordFile => Path.Combine(_folder, "password");

    private async Task InitializeAsync()
    {
        await PrepareFolderAsync();
        await RunAsync(AsServerUser("initdb", ["-D", DataDirectory, "-U", User, "--auth=scram-sha-256", "--pwfile", PasswordFile, "--encoding=UTF8", "--locale=C", "--no-sync"]));

        // A client may come from any address of loopback, which then tells it apart.
        await File.AppendAllLinesAsync(Path.Combine(DataDirectory, "pg_hba.conf"), ["host all all 127.0.0.0/8 scram-sha-256"]);
        IEnumerable<string> lines =
        [
            "listen_addresses = '127.0.0.1'",
            $"port = {Port}",
            $"unix_socket_directories = '{SocketDirectory}'",
            "max_connections = 200",
            .. _settings.Select(s => $"{s.Key} = '{s.Value}'"),
        ];
        await File.AppendAllLinesAsync(Path.Combine(DataDirectory, "postgresql.conf"), lines);
    }

    // The server refuses to run as root; setpriv becomes the server itself, so signals reach it and this process reaps it.
    private ProcessStartInfo AsServerUser(string program, IEnumerable<string> arguments)
    {
        var path = Path.Combine(_binaries, program);
        return Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", [$"--reuid={User}", $"--regid={User}", "--clear-groups", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
    }

    private void Launch()
    {
        var start = AsServerUser("postgres", ["-D", DataDirectory]);
        start.WorkingDirectory = _folder;
        start.RedirectStandardError = true;
        start.RedirectStandardOutput = true;
        var process = new Process { StartInfo = start };
        process.ErrorDataReceived += (_, e) => Note(e.Data);
        process.OutputDataReceived += (_, e) => Note(e.Data);
        process.Start();
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        _process = process;
    }

    private void Note(string? line)
    {
        lock (_log)
        {
            _log.Enqueue(line ?? "");
            if (_log.Count > 200)
            {
                _log.Dequeue();
            }
        }
    }

    private async Task EndAsync(string signal)
    {
        if (ProcessId is { } id)
        {
            await RunAsync(new ProcessStartInfo("kill", ["-" + signal, id.ToString(System.Globalization.CultureInfo.InvariantCulture)]));
        }

        await ReapAsync();
    }

    private async Task ReapAsync()
    {
        if (_process is { } process)
        {
            await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
            process.Dispose();
            _process = null;
        }
    }

    private static async Task RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardError = true;
        start.RedirectStandardOutput = true;
        start.WorkingDirectory = "/";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await output;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}: {errors}");
        }
    }

    private void OnProcessExit(object? sender, EventArgs e) => _process?.Kill(entireProcessTree: true);
}
