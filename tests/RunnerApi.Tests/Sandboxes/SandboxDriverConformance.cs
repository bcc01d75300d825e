using System.Text;
using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>What every sandbox driver must do, run against the real engine. A driver's tests derive from it once per runtime.</summary>
public abstract partial class SandboxDriverConformance : IAsyncLifetime
{
    private static readonly TimeSpan TestTime = TimeSpan.FromSeconds(90);

    private readonly CancellationTokenSource _limit = new(TestTime, TimeProvider.System);
    private readonly List<string> _ids = [];

    /// <summary>The runtime under test, as the driver names it.</summary>
    protected abstract string Runtime { get; }

    /// <summary>An image whose only program is busybox, with no entrypoint, <c>USER 0</c>, <c>VOLUME /data</c> and <c>ENV FROM_IMAGE=1</c>.</summary>
    protected abstract string Image { get; }

    /// <summary>The image's registry speaks plain HTTP.</summary>
    protected abstract bool InsecureRegistry { get; }

    /// <summary>A driver that knows nothing of earlier ones, as after the runner's restart.</summary>
    protected abstract ISandboxDriver NewDriver();

    /// <summary>Kills, from outside, whatever carries the connection to this sandbox.</summary>
    protected abstract void KillConnection(string id);

    /// <summary>CPU of a test's sandbox; several must fit the engine at once.</summary>
    protected virtual int CpuMillis => 1000;

    /// <summary>What the engine cannot do, whatever is asked of it.</summary>
    private protected virtual EngineLimits Engine => new();

    protected CancellationToken Token => _limit.Token;

    protected ISandboxDriver Driver { get; private set; } = null!;

    public Task InitializeAsync()
    {
        Driver = NewDriver();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        using var cleaning = new CancellationTokenSource(TestTime, TimeProvider.System);
        foreach (var id in _ids)
        {
            await Driver.StopAsync(id, cleaning.Token);
        }

        _limit.Dispose();
    }

    protected string NewId()
    {
        var id = $"t-{Runtime}-{Guid.NewGuid():N}";
        _ids.Add(id);
        return id;
    }

    /// <summary>A small sandbox that runs <paramref name="script"/> in busybox' shell.</summary>
    protected SandboxSpec Spec(string script) => new()
    {
        Id = NewId(),
        Reference = Image,
        InsecureRegistry = InsecureRegistry,
        Args = ["/bin/busybox", "sh", "-c", script],
        Runtime = Runtime,
        CpuMillis = CpuMillis,
        MemoryBytes = 96 * 1024 * 1024,
        Pids = 32,
        Lifetime = TimeSpan.FromSeconds(120),
        OutputBytes = 32 * 1024 * 1024,
    };

    protected async Task<string> CreateAsync(SandboxSpec spec)
    {
        await Driver.CreateAsync(spec, Token);
        return spec.Id;
    }

    protected Task<string> CreateAsync(string script) => CreateAsync(Spec(script));

    /// <summary>Runs a script to its end and gives what it wrote and how it ended.</summary>
    protected async Task<Ended> RunAsync(SandboxSpec spec)
    {
        var id = await CreateAsync(spec);
        await using var connection = await Driver.AttachAsync(id, Token);
        var stderr = ReadAllAsync(connection.Stderr);
        var stdout = await ReadAllAsync(connection.Stdout);
        return new Ended(stdout, await stderr, await EndAsync(id), connection.StderrInStdout);
    }

    protected async Task<SandboxStatus> EndAsync(string id)
    {
        SandboxStatus? status = null;
        await EventuallyAsync(async () => (status = await Driver.InspectAsync(id, Token))?.State == SandboxState.Exited);
        return status!;
    }

    protected async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Token);
        }
    }

    protected async Task<string> ReadAllAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, Token);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    protected async Task SendAsync(ISandboxConnection connection, string line)
    {
        await connection.Stdin.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), Token);
        await connection.Stdin.FlushAsync(Token);
    }

    protected LineReader Lines(Stream stream) => new(stream, Token);

    /// <summary>The lines of a text that are not among those written to stderr, which some engines mix in.</summary>
    protected static IReadOnlyList<string> Without(string text, params string[] stderr) => [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !stderr.Contains(l))];

    /// <summary>What an engine falls short of.</summary>
    /// <param name="LeastProcesses">The lowest limit of processes that it can hold a sandbox to.</param>
    /// <param name="MostSharedMemory">Bytes of /dev/shm.</param>
    /// <param name="MayExecuteTmp">It may be unable to mount /tmp without execution.</param>
    /// <param name="NoResourceLimits">It cannot lower open files and core dumps.</param>
    /// <param name="Variables">Prefix of variables that it adds.</param>
    /// <param name="Hostname">What a sandbox is called.</param>
    private protected sealed record EngineLimits(int LeastProcesses = 1, long MostSharedMemory = 1024 * 1024, bool MayExecuteTmp = false, bool NoResourceLimits = false, string Variables = "\0", string Hostname = "sandbox");

    /// <summary>How a sandbox ended.</summary>
    protected sealed record Ended(string Stdout, string Stderr, SandboxStatus Status, bool StderrInStdout);

    /// <summary>Reads lines, of any length, from a stream.</summary>
    protected sealed class LineReader(Stream stream, CancellationToken cancellationToken)
    {
        private readonly StreamReader _reader = new(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, 65536);

        internal async Task<string?> NextAsync() => await _reader.ReadLineAsync(cancellationToken);
    }
}
