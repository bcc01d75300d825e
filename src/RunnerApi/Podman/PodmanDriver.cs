using System.Collections.Concurrent;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Podman;

/// <summary>Sandboxes as containers of the local Podman (or Docker). All state lives in the engine: a new driver finds what an old one left.</summary>
internal sealed partial class PodmanDriver : ISandboxDriver
{
    private const int InspectBatch = 64;
    private const int RemoveAttempts = 3;
    private const int MaxWords = 600;

    private readonly PodmanOptions _options;
    private readonly TimeProvider _time;
    private readonly EngineDialect _dialect;
    private readonly EngineCli _cli;

    // What this driver made a moment ago and nobody has started: asked again, the engine would say the same.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, (ContainerView View, long At)> _fresh = new(StringComparer.Ordinal);

    // A second start of one container would attach in mid-stream; ids share a few gates.
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 32).Select(_ => new SemaphoreSlim(1, 1))];

    internal PodmanDriver(PodmanOptions options, TimeProvider time, ILogger<PodmanDriver> logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _dialect = EngineDialect.For(options);
        _cli = new EngineCli(options, time, logger);
    }

    /// <inheritdoc />
    public string? ResolveRuntime(SandboxRuntime wanted) => Runtimes.Resolve(wanted, File.Exists);

    /// <inheritdoc />
    public Task<IReadOnlyList<ForbiddenTarget>> ForbiddenTargetsAsync(string? neighbour, int neighbourPort, CancellationToken cancellationToken) => Task.FromResult(HostTargets.Find());

    /// <inheritdoc />
    public async Task<SandboxStatus> CreateAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        SpecRules.Check(spec);
        var environment = SandboxEnvironment.From(spec.Env);

        // Each command of the engine is a process of its own: what can be asked at once is.
        var hasImage = HasImageAsync(spec, cancellationToken);
        var found = FindAsync(spec.Id, cancellationToken);
        await Task.WhenAll(hasImage, found);
        if (await found is { } present)
        {
            return Same(present, spec);
        }

        if (!Runtimes.IsInstalled(spec.Runtime, File.Exists))
        {
            throw new SandboxException(SandboxFault.RuntimeUnavailable, $"The runtime '{spec.Runtime}' is not installed; install it or choose another in the policy's profile.");
        }

        var scrubber = new SecretScrubber(spec.Env.Values);
        if (!await hasImage)
        {
            await PullAsync(spec, scrubber, cancellationToken);
        }

        var arguments = _dialect.Create(spec, environment, _time.GetUtcNow() + spec.Lifetime);
        var result = await _cli.RunAsync("create", arguments, _options.CommandTimeoutSeconds, cancellationToken, environment);

        // The engine's names are unique: whoever loses a race finds the winner's container.
        var fault = HardeningFaultAsync(spec, cancellationToken);
        var created = await FindAsync(spec.Id, cancellationToken)
            ?? throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{spec.Id}' could not be created: {Words(result.Stderr, scrubber)}");
        await RequireHardenedAsync(spec, await fault);
        var status = Same(created, spec);
        if (result.ExitCode == 0)
        {
            _fresh[spec.Id] = (created, _time.GetTimestamp());
        }

        return status;
    }

    // What was decided about one image must never start another.
    private static SandboxStatus Same(ContainerView found, SandboxSpec spec) => found.SpecHash == Sandboxes.SpecHash.Of(spec)
        ? found.Status
        : throw new SandboxException(SandboxFault.InvalidSpec, $"A container of sandbox '{spec.Id}' is there that was made for something else; stop it first.");

    /// <summary>The engine drops limits that it cannot set, with a warning only: such a container is removed and never started.</summary>
    private async Task RequireHardenedAsync(SandboxSpec spec, string? fault)
    {
        if (fault is not null)
        {
            await StopAsync(spec.Id, CancellationToken.None);
            throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{spec.Id}' was not started: {fault}.");
        }
    }

    private async Task<string?> HardeningFaultAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        const string Unreadable = "its limits could not be read back";
        try
        {
            var inspected = await _cli.RunAsync("inspect", _dialect.InspectCreated(EngineDialect.ContainerName(spec.Id)), _options.CommandTimeoutSeconds, cancellationToken);
            return inspected.ExitCode == 0 ? CreatedContainer.Fault(spec, inspected.Stdout) : Unreadable;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or SandboxException)
        {
            // Unreadable is as bad as missing.
            return Unreadable;
        }
    }

    /// <inheritdoc />
    public async Task<SandboxStatus?> InspectAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        return (await FindAsync(id, cancellationToken))?.Status;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<SandboxStatus>> ListAsync(CancellationToken cancellationToken)
    {
        var result = await _cli.RunAsync("ps", _dialect.List(), _options.CommandTimeoutSeconds, cancellationToken);
        if (result.ExitCode != 0)
        {
            throw Failed("ps", result);
        }

        List<SandboxStatus> statuses = [];
        foreach (var batch in result.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Chunk(InspectBatch))
        {
            statuses.AddRange((await ViewsAsync(batch, cancellationToken)).Select(v => v.Status));
        }

        return statuses;
    }

    /// <inheritdoc />
    public async Task StopAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        _fresh.TryRemove(id, out _);
        for (var attempt = 1; await FindAsync(id, cancellationToken) is not null; attempt++)
        {
            var result = await _cli.RunAsync("rm", _dialect.Remove(EngineDialect.ContainerName(id)), _options.CommandTimeoutSeconds, cancellationToken);
            if (result.ExitCode == 0 || result.NoSuchContainer)
            {
                LogStopped(id);
                return;
            }

            // The engine's own cleanup of a container that is just ending can hold it for a moment.
            if (attempt == RemoveAttempts)
            {
                throw Failed("rm", result);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken);
        }
    }

    private async Task<bool> HasImageAsync(SandboxSpec spec, CancellationToken cancellationToken) =>
        (await _cli.RunAsync("image exists", _dialect.ImageExists(spec.Reference), _options.CommandTimeoutSeconds, cancellationToken)).ExitCode == 0;

    private async Task PullAsync(SandboxSpec spec, SecretScrubber scrubber, CancellationToken cancellationToken)
    {
        EngineResult pulled;
        try
        {
            pulled = await _cli.RunAsync("pull", _dialect.Pull(spec.Reference, spec.InsecureRegistry), _options.PullTimeoutSeconds, cancellationToken);
        }
        catch (SandboxException e) when (e.InnerException is null)
        {
            throw new SandboxException(SandboxFault.PullFailed, $"Pulling {spec.Reference} did not end within {_options.PullTimeoutSeconds} s; raise sandbox:pullTimeoutSeconds or use a nearer registry.", e);
        }

        if (pulled.ExitCode != 0)
        {
            throw new SandboxException(SandboxFault.PullFailed, $"Pulling {spec.Reference} failed: {Words(pulled.Stderr, scrubber)}");
        }

        LogPulled(spec.Reference);
    }

    // Containers of another instance are as good as absent.
    private async Task<ContainerView?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await ViewsAsync([EngineDialect.ContainerName(id)], cancellationToken)).FirstOrDefault(v => v.Status.Id == id && v.Instance == _options.Instance);

    private async Task<IReadOnlyList<ContainerView>> ViewsAsync(IReadOnlyList<string> containers, CancellationToken cancellationToken)
    {
        var result = await _cli.RunAsync("inspect", _dialect.Inspect(containers), _options.CommandTimeoutSeconds, cancellationToken);
        if (result.ExitCode != 0 && !result.NoSuchContainer)
        {
            throw Failed("inspect", result);
        }

        try
        {
            return ContainerView.Parse(result.Stdout);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{_options.Program} inspect' answered in a form that is not understood; use Podman 4.3 or newer.", e);
        }
    }

    private SandboxException Failed(string verb, EngineResult result) => new(
        SandboxFault.EngineUnavailable,
        $"'{_options.Program} {verb}' failed with exit code {result.ExitCode}: {Words(result.Stderr, SecretScrubber.None)}");

    private static string Words(string stderr, SecretScrubber scrubber)
    {
        var text = scrubber.Scrub(stderr);
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(w => string.Concat(w.Where(c => !char.IsControl(c)))));
        return line.Length switch
        {
            0 => "the engine gave no reason",
            > MaxWords => "… " + line[^MaxWords..],
            _ => line,
        };
    }
}
