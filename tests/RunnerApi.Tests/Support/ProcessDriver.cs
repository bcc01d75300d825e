using System.Collections.Concurrent;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Tests.Support;

/// <summary>A driver of local processes. It outlives the runner's host, as a container engine does.</summary>
internal sealed class ProcessDriver(TimeProvider time) : ISandboxDriver, IDisposable
{
    private readonly ConcurrentDictionary<string, LocalProcess> _processes = new(StringComparer.Ordinal);
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("actors-proc-");

    /// <summary>The next verb to fail, once per name.</summary>
    public ConcurrentDictionary<string, SandboxFault> Failures { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids whose attach waits for this.</summary>
    public ConcurrentDictionary<string, Task> Held { get; } = new(StringComparer.Ordinal);

    /// <summary>Awaited between the look of a list and its answer.</summary>
    public Func<Task> Listing { get; set; } = () => Task.CompletedTask;

    /// <summary>What runs in place of a probe.</summary>
    public Func<string[]> Probe { get; set; } = () => ["true"];

    public string? Runtime { get; set; } = "process";

    public LocalProcess? Find(string id) => _processes.GetValueOrDefault(id);

    public Task<IReadOnlyList<ForbiddenTarget>> ForbiddenTargetsAsync(string? neighbour, int neighbourPort, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ForbiddenTarget>>([]);

    public Task<SandboxStatus> CreateAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        Fail("create");
        spec = spec.Id.StartsWith("isolation-", StringComparison.Ordinal) ? spec with { Args = Probe() } : spec;
        return Task.FromResult(_processes.GetOrAdd(spec.Id, _ => new LocalProcess(spec, _directory.FullName, time.GetUtcNow())).Status());
    }

    public async Task<ISandboxConnection> AttachAsync(string id, CancellationToken cancellationToken)
    {
        Fail("attach");
        await Held.GetValueOrDefault(id, Task.CompletedTask).WaitAsync(cancellationToken);
        return _processes[id].Attach();
    }

    public Task<SandboxStatus?> InspectAsync(string id, CancellationToken cancellationToken)
    {
        Fail("inspect");
        return Task.FromResult(Find(id)?.Status());
    }

    public async Task<IReadOnlyList<SandboxStatus>> ListAsync(CancellationToken cancellationToken)
    {
        Fail("list");
        var seen = _processes.Values.Select(p => p.Status()).ToList();
        await Listing();
        return seen;
    }

    public Task StopAsync(string id, CancellationToken cancellationToken)
    {
        Fail("stop");
        if (_processes.TryRemove(id, out var process))
        {
            process.Kill();
        }

        return Task.CompletedTask;
    }

    public string? ResolveRuntime(SandboxRuntime wanted) => Runtime;

    public void KillAll()
    {
        foreach (var process in _processes.Values)
        {
            process.Kill();
        }
    }

    public void Dispose()
    {
        KillAll();
        _directory.Delete(recursive: true);
    }

    private void Fail(string verb)
    {
        if (Failures.TryRemove(verb, out var fault))
        {
            throw new SandboxException(fault, "The engine was told to fail at " + verb + ".");
        }
    }
}
