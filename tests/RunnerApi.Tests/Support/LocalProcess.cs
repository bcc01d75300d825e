using System.Diagnostics;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions;

namespace Actors.RunnerApi.Tests.Support;

/// <summary>One process that stands for a container: its output goes to files, so that it can be read again from the first byte.</summary>
internal sealed class LocalProcess(SandboxSpec spec, string directory, DateTimeOffset createdAt)
{
    private readonly ChangeSignal _grown = new();
    private Process? _process;
    private volatile bool _ended;
    private int? _exitCode;
    private long _forgotten;

    public SandboxSpec Spec => spec;

    public int Starts { get; private set; }

    /// <summary>What the engine reports instead of the real clock's view.</summary>
    public DateTimeOffset CreatedAt { get; set; } = createdAt;

    private string Stdout => Path.Combine(directory, spec.Id + ".out");

    private string Stderr => Path.Combine(directory, spec.Id + ".err");

    public SandboxStatus Status() => new(
        spec.Id,
        "proc-" + spec.Id,
        _ended ? SandboxState.Exited : _process is null ? SandboxState.Created : SandboxState.Running,
        _exitCode,
        OutOfMemory: false,
        spec.Runtime,
        CreatedAt,
        CreatedAt + spec.Lifetime);

    public ISandboxConnection Attach()
    {
        if (_process is null)
        {
            Start();
        }

        return new Connection(
            _process!.StandardInput.BaseStream,
            new FollowStream(Stdout, _forgotten, () => _ended, _grown),
            new FollowStream(Stderr, 0, () => _ended, _grown));
    }

    /// <summary>What was printed so far is in no replay any more, as after a log's rotation.</summary>
    public void ForgetOutput() => _forgotten = new FileInfo(Stdout).Length;

    public void Kill()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private void Start()
    {
        Starts++;
        File.WriteAllBytes(Stdout, []);
        File.WriteAllBytes(Stderr, []);
        var info = new ProcessStartInfo(spec.Args[0]) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var arg in spec.Args.Skip(1))
        {
            info.ArgumentList.Add(arg);
        }

        foreach (var (name, value) in spec.Env)
        {
            info.Environment[name] = value;
        }

        _process = Process.Start(info)!;
        _ = WatchAsync(_process);
    }

    private async Task WatchAsync(Process process)
    {
        await Task.WhenAll(PumpAsync(process.StandardOutput.BaseStream, Stdout), PumpAsync(process.StandardError.BaseStream, Stderr));
        await process.WaitForExitAsync();
        _exitCode = process.ExitCode;
        _ended = true;
        _grown.Pulse();
    }

    private async Task PumpAsync(Stream source, string path)
    {
        await using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var buffer = new byte[64 * 1024];
        int count;
        while ((count = await source.ReadAsync(buffer)) > 0)
        {
            await file.WriteAsync(buffer.AsMemory(0, count));
            _grown.Pulse();
        }
    }

    private sealed class Connection(Stream stdin, Stream stdout, Stream stderr) : ISandboxConnection
    {
        public Stream Stdin => stdin;

        public Stream Stdout => stdout;

        public Stream Stderr => stderr;

        public async ValueTask DisposeAsync()
        {
            await stdout.DisposeAsync();
            await stderr.DisposeAsync();
        }
    }
}
