using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Podman;

/// <summary>Sandboxes as containers of the local Podman (or Docker), over the engine's API. All state lives in the engine: a new driver finds what an old one left.</summary>
internal sealed partial class PodmanDriver : ISandboxDriver, IAsyncDisposable
{
    private const int RemoveAttempts = 3;
    private const int CreateAttempts = 25;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);
    private const int InspectAtOnce = 4;

    private readonly PodmanOptions _options;
    private readonly TimeProvider _time;
    private readonly EngineDialect _dialect;
    private readonly EngineCli _cli;

    // Podman serves one runtime per process, whose flags it gives to any: only reading may go to another than the container's own.
    private readonly ConcurrentDictionary<string, Lazy<(EngineApi Api, IEngineSocket Socket)>> _apis = new(StringComparer.Ordinal);

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

    private EngineApi Reading => ApiOf(ResolveRuntime(SandboxRuntime.Auto) ?? Runtimes.Runc);

    /// <inheritdoc />
    public string? ResolveRuntime(SandboxRuntime wanted) => Runtimes.Resolve(wanted, File.Exists);

    /// <inheritdoc />
    public Task<IReadOnlyList<ForbiddenTarget>> ForbiddenTargetsAsync(string? neighbour, int neighbourPort, CancellationToken cancellationToken) => Task.FromResult(HostTargets.Find());

    /// <inheritdoc />
    public async Task<SandboxStatus> CreateAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        SpecRules.Check(spec);
        EnvironmentRules.Check(spec.Env);
        if (!Runtimes.IsInstalled(spec.Runtime, File.Exists))
        {
            throw new SandboxException(SandboxFault.RuntimeUnavailable, $"The runtime '{spec.Runtime}' is not installed; install it or choose another in the policy's profile.");
        }

        var scrubber = new SecretScrubber(spec.Env.Values);
        var image = await ApiOf(spec.Runtime).SendAsync("image", HttpMethod.Get, _dialect.ImagePath(spec.Reference), _options.CommandTimeoutSeconds, cancellationToken);
        if (image.Status == HttpStatusCode.NotFound)
        {
            await PullAsync(spec, scrubber, cancellationToken);
        }

        var (answer, container) = await RequestCreateAsync(spec, cancellationToken);
        using var inspected = container;
        var created = Ours(inspected, spec.Id)
            ?? throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{spec.Id}' could not be created: {EngineWords.Of(answer.Words, scrubber)}");
        var status = Same(created, spec);
        if (status.State == SandboxState.Created)
        {
            await RequireHardenedAsync(spec, inspected!.RootElement);
        }

        return status;
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
        var api = Reading;
        var ids = await api.IdsAsync("list", _dialect.ListPath(), _options.CommandTimeoutSeconds, cancellationToken);
        ConcurrentBag<SandboxStatus> statuses = [];
        await Parallel.ForEachAsync(ids.Where(id => id.All(char.IsAsciiHexDigit)), new ParallelOptions { MaxDegreeOfParallelism = InspectAtOnce, CancellationToken = cancellationToken }, async (id, token) =>
        {
            using var inspected = await InspectedAsync(api, id, token);
            if (View(inspected) is { } view)
            {
                statuses.Add(view.Status);
            }
        });
        return [.. statuses];
    }

    /// <inheritdoc />
    public async Task StopAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        for (var attempt = 1; await FindAsync(id, cancellationToken) is { } found; attempt++)
        {
            var answer = await ApiOf(found.Status.Runtime).SendAsync("remove", HttpMethod.Delete, _dialect.RemovePath(EngineDialect.ContainerName(id)), _options.CommandTimeoutSeconds, cancellationToken);
            if (answer.Succeeded || answer.Status == HttpStatusCode.NotFound)
            {
                LogStopped(id);
                return;
            }

            // The engine's own cleanup of a container that is just ending can hold it for a moment.
            if (attempt == RemoveAttempts)
            {
                throw Refused("remove", answer);
            }

            await Task.Delay(s_pause, _time, cancellationToken);
        }
    }

    /// <summary>Lets go of the engine; the containers stay.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var (api, socket) in _apis.Values.Select(a => a.Value))
        {
            api.Dispose();
            await (socket is IAsyncDisposable own ? own.DisposeAsync() : ValueTask.CompletedTask);
        }
    }

    // What was decided about one image must never start another.
    private static SandboxStatus Same(ContainerView found, SandboxSpec spec) => found.SpecHash == SpecHash.Of(spec)
        ? found.Status
        : throw new SandboxException(SandboxFault.InvalidSpec, $"A container of sandbox '{spec.Id}' is there that was made for something else; stop it first.");

    private EngineApi ApiOf(string runtime) => _apis.GetOrAdd(runtime, _ => new Lazy<(EngineApi, IEngineSocket)>(() =>
    {
        var socket = _dialect.Socket(runtime);
        return (new EngineApi(_options.Program, socket, _time), socket);
    })).Value.Api;

    /// <summary>The engine's names are unique: whoever comes second or loses a race finds the other's container.</summary>
    private async Task<(EngineAnswer Answer, JsonDocument? Container)> RequestCreateAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        var (api, name) = (ApiOf(spec.Runtime), EngineDialect.ContainerName(spec.Id));
        var body = _dialect.CreateBody(spec, _time.GetUtcNow() + spec.Lifetime);
        for (var attempt = 1; ; attempt++)
        {
            var answer = await api.SendAsync("create", HttpMethod.Post, _dialect.CreatePath(name), _options.CommandTimeoutSeconds, cancellationToken, body);
            var container = await InspectedAsync(api, name, cancellationToken);

            // Podman takes the name a moment before the container can be found under it.
            if (container is not null || attempt == CreateAttempts || !answer.Words.Contains("already in use", StringComparison.Ordinal))
            {
                return (answer, container);
            }

            await Task.Delay(s_pause, _time, cancellationToken);
        }
    }

    /// <summary>The engine drops limits that it cannot set, with a warning only: such a container is removed and never started.</summary>
    private async Task RequireHardenedAsync(SandboxSpec spec, JsonElement container)
    {
        if (Hardening.Fault(spec, container) is { } fault)
        {
            await StopAsync(spec.Id, CancellationToken.None);
            throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{spec.Id}' was not started: {fault}.");
        }
    }

    private async Task PullAsync(SandboxSpec spec, SecretScrubber scrubber, CancellationToken cancellationToken)
    {
        string? refusal;
        try
        {
            refusal = _dialect.PullPath(spec.Reference, spec.InsecureRegistry) is { } path
                ? await PulledOverApiAsync(spec.Runtime, path, cancellationToken)
                : await PulledByProgramAsync(spec, cancellationToken);
        }
        catch (SandboxException e) when (e.InnerException is null)
        {
            throw new SandboxException(SandboxFault.PullFailed, $"Pulling {spec.Reference} did not end within {_options.PullTimeoutSeconds} s; raise sandbox:pullTimeoutSeconds or use a nearer registry.", e);
        }

        if (refusal is not null)
        {
            throw new SandboxException(SandboxFault.PullFailed, $"Pulling {spec.Reference} failed: {EngineWords.Of(refusal, scrubber)}");
        }

        LogPulled(spec.Reference);
    }

    // Null when the image is there; else the engine's words. A pull that failed can be an answer with status 200 that names no image.
    private async Task<string?> PulledOverApiAsync(string runtime, string path, CancellationToken cancellationToken)
    {
        var answer = await ApiOf(runtime).SendAsync("pull", HttpMethod.Post, path, _options.PullTimeoutSeconds, cancellationToken);
        return answer.Succeeded && answer.Names("id") ? null : answer.Words;
    }

    private async Task<string?> PulledByProgramAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        var pulled = await _cli.RunAsync("pull", _dialect.Pull(spec.Reference, spec.InsecureRegistry), _options.PullTimeoutSeconds, cancellationToken);
        return pulled.ExitCode == 0 ? null : pulled.Stderr;
    }

    private async Task<ContainerView?> FindAsync(string id, CancellationToken cancellationToken)
    {
        using var inspected = await InspectedAsync(Reading, EngineDialect.ContainerName(id), cancellationToken);
        return Ours(inspected, id);
    }

    // Containers of another instance are as good as absent.
    private ContainerView? Ours(JsonDocument? inspected, string id) => View(inspected) is { } view && view.Status.Id == id && view.Instance == _options.Instance ? view : null;

    // Null when there is none. The environment is in it: it goes nowhere from here.
    private async Task<JsonDocument?> InspectedAsync(EngineApi api, string container, CancellationToken cancellationToken)
    {
        var answer = await api.SendAsync("inspect", HttpMethod.Get, _dialect.InspectPath(container), _options.CommandTimeoutSeconds, cancellationToken);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return null;
        }

        return answer.Succeeded ? Understood(() => JsonDocument.Parse(answer.Body)) : throw Refused("inspect", answer);
    }

    private ContainerView? View(JsonDocument? inspected) => inspected is null ? null : Understood(() => ContainerView.Read(inspected.RootElement));

    private T Understood<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{_options.Program}' described a container in a form that is not understood; use Podman 4.3 or newer.", e);
        }
    }

    private SandboxException Refused(string verb, EngineAnswer answer) => new(
        SandboxFault.EngineUnavailable,
        $"'{_options.Program}' refused '{verb}' with status {(int)answer.Status}: {EngineWords.Of(answer.Words, SecretScrubber.None)}");
}
