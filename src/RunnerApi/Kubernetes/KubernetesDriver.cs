using System.Security.Cryptography;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>Sandboxes as pods. All state lives in the cluster: a new driver finds what an old one left.</summary>
internal sealed partial class KubernetesDriver : ISandboxDriver, IAsyncDisposable
{
    /// <summary>Name of the sandbox without a RuntimeClass of its own.</summary>
    internal const string Runc = "runc";

    private const int SecretNameBytes = 4;

    private readonly KubeClient _client;
    private readonly KubernetesOptions _options;
    private readonly PodTracker _tracker;
    private readonly TimeSpan _startTime;

    internal KubernetesDriver(KubeClient client, KubernetesOptions options, ILogger<KubernetesDriver> logger)
    {
        _client = client;
        _options = options;
        _logger = logger;
        _tracker = new PodTracker(client, PodTemplate.Selector(options), logger);
        _startTime = TimeSpan.FromSeconds(options.StartTimeoutSeconds);
    }

    /// <summary>Bytes of the longest line that a session takes.</summary>
    internal int LongestLine { get; init; } = new RunnerOptions().MaxLineBytes;

    public async ValueTask DisposeAsync()
    {
        await _tracker.DisposeAsync();
        _client.Dispose();
    }

    /// <inheritdoc />
    public string? ResolveRuntime(SandboxRuntime wanted)
    {
        var gvisor = _options.GvisorRuntimeClass.Length > 0 ? _options.GvisorRuntimeClass : null;
        return wanted switch
        {
            SandboxRuntime.Runsc => gvisor,
            SandboxRuntime.Runc => Runc,
            _ => gvisor ?? Runc,
        };
    }

    /// <inheritdoc />
    public bool HasAddresses => true;

    /// <inheritdoc />
    public async Task<IReadOnlyList<ForbiddenTarget>> ForbiddenTargetsAsync(string? neighbour, int neighbourPort, CancellationToken cancellationToken) => await CallAsync(neighbour ?? "", async () =>
    {
        var pod = await FindAsync(neighbour!, cancellationToken) is { Status.PodIP.Length: > 0 } found
            ? found
            : throw new SandboxException(SandboxFault.EngineUnavailable, $"Sandbox '{neighbour}' has no address to be tried.");
        return await ClusterTargets.FindAsync(_client.Server, pod, neighbourPort, cancellationToken);
    });

    /// <inheritdoc />
    public async Task<SandboxStatus> CreateAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(spec);
        SpecRules.Check(spec);
        EnvironmentRules.Check(spec.Env);
        if (spec.Runtime != Runc && spec.Runtime != _options.GvisorRuntimeClass)
        {
            throw new SandboxException(SandboxFault.RuntimeUnavailable, $"The runtime '{spec.Runtime}' is not set up; set Actors:Runner:Kubernetes:GvisorRuntimeClass or choose another in the policy's profile.");
        }

        return await CallAsync(spec.Id, async () =>
        {
            var pod = await FindAsync(spec.Id, cancellationToken) ?? await SubmitAsync(spec, cancellationToken);
            Same(pod, spec);
            try
            {
                return Read(await StartedAsync(pod, cancellationToken));
            }
            catch (SandboxException)
            {
                // A pod that cannot start would be tried again by its node for as long as it is there.
                await _client.DeletePodAsync(pod.Metadata.Name!, pod.Metadata.Uid, CancellationToken.None);
                throw;
            }
        });
    }

    /// <inheritdoc />
    public async Task<SandboxStatus?> InspectAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        return await CallAsync(id, async () => await FindAsync(id, cancellationToken) is { } pod
            ? Read(pod)
            : _tracker.TakenAway(PodTemplate.PodName(id)) is { } last ? PodReading.TakenAway(last, _options.Instance) : null);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<SandboxStatus>> ListAsync(CancellationToken cancellationToken) => await CallAsync<IReadOnlyList<SandboxStatus>>("", async () =>
    {
        var (pods, _) = await _client.ListPodsAsync(PodTemplate.Selector(_options), cancellationToken);
        return [.. pods.Select(p => PodReading.Status(p, _options.Instance)).OfType<SandboxStatus>()];
    });

    /// <inheritdoc />
    public async Task StopAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        await CallAsync(id, async () =>
        {
            _tracker.Forget(PodTemplate.PodName(id));
            if (await FindAsync(id, cancellationToken) is { } pod && await _client.DeletePodAsync(pod.Metadata.Name!, pod.Metadata.Uid, cancellationToken))
            {
                LogStopped(id);
            }

            return true;
        });
    }

    private async Task<Pod> SubmitAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        var secret = $"{PodTemplate.PodName(spec.Id)}-{RandomNumberGenerator.GetHexString(SecretNameBytes * 2, lowercase: true)}";
        Pod pod;
        try
        {
            pod = await _client.CreatePodAsync(PodTemplate.Build(spec, _options, secret, _client.Time.GetUtcNow()), cancellationToken);
        }
        catch (KubeException e) when (e.Fault == KubeFault.AlreadyExists)
        {
            pod = await FindAsync(spec.Id, cancellationToken)
                ?? throw new SandboxException(SandboxFault.InvalidSpec, $"Pod '{PodTemplate.PodName(spec.Id)}' belongs to another instance; give each runner of a namespace its own Actors:Runner:Kubernetes:Instance or namespace.");
            if (!PodReading.NamesSecret(pod, secret))
            {
                // Someone else was first; else it is a try of ours whose answer was lost.
                return pod;
            }
        }

        await GiveVariablesAsync(spec, secret, pod, cancellationToken);
        return pod;
    }

    private async Task GiveVariablesAsync(SandboxSpec spec, string secret, Pod pod, CancellationToken cancellationToken)
    {
        if (spec.Env.Count == 0)
        {
            return;
        }

        try
        {
            await _client.CreateSecretAsync(PodTemplate.Variables(spec, secret, pod), cancellationToken);
        }
        catch (KubeException e) when (e.Fault == KubeFault.AlreadyExists)
        {
            // A try whose answer was lost: the name is random.
        }
        catch
        {
            await _client.DeletePodAsync(pod.Metadata.Name!, pod.Metadata.Uid, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Waits until the container runs or has run.</summary>
    private async Task<Pod> StartedAsync(Pod pod, CancellationToken cancellationToken)
    {
        var id = PodReading.Annotation(pod, PodTemplate.IdAnnotation)!;
        var seen = await _tracker.WaitAsync(pod, p => PodReading.HasStarted(p) || PodReading.Problem(p) is not null, _startTime, cancellationToken)
            ?? throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{id}' was removed while it started.");
        if (PodReading.HasStarted(seen))
        {
            return seen;
        }

        if (PodReading.Problem(seen) is { } problem)
        {
            throw problem;
        }

        if (PodReading.Unschedulable(seen) is { } sentence)
        {
            throw new SandboxException(SandboxFault.Unschedulable, $"No node took sandbox '{id}' within {_options.StartTimeoutSeconds} s: {sentence}");
        }

        throw new SandboxException(
            SandboxFault.StartFailed,
            $"Sandbox '{id}' did not start within {_options.StartTimeoutSeconds} s: {await LastWarningAsync(seen, cancellationToken)}. Raise Actors:Runner:Kubernetes:StartTimeoutSeconds or the profile's CPU limit.");
    }

    private async Task<string> LastWarningAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            var events = await _client.EventsAsync(pod.Metadata.Uid!, cancellationToken);
            var last = events.Where(e => e.Type == "Warning").MaxBy(e => e.LastTimestamp ?? e.Metadata.CreationTimestamp);
            return last is null ? "the cluster noted no warning" : $"{last.Reason}: {PodReading.Words(last.Message)}";
        }
        catch (KubeException e) when (e.Fault == KubeFault.Forbidden)
        {
            return "the runner may not read events";
        }
    }

    // What was decided about one image must never start another.
    private static void Same(Pod found, SandboxSpec spec)
    {
        if (PodReading.Annotation(found, PodTemplate.SpecAnnotation) != SpecHash.Of(spec))
        {
            throw new SandboxException(SandboxFault.InvalidSpec, $"A pod of sandbox '{spec.Id}' is there that was made for something else; stop it first.");
        }
    }

    // Pods of another instance are as good as absent.
    private async Task<Pod?> FindAsync(string id, CancellationToken cancellationToken) =>
        await _client.FindPodAsync(PodTemplate.PodName(id), cancellationToken) is { } pod && PodReading.Status(pod, _options.Instance)?.Id == id ? pod : null;

    private SandboxStatus Read(Pod pod) => PodReading.Status(pod, _options.Instance)
        ?? throw new SandboxException(SandboxFault.StartFailed, $"Pod '{pod.Metadata.Name}' lost its labels; delete it.");

    private static async Task<T> CallAsync<T>(string id, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (KubeException e)
        {
            throw Translate(id, e);
        }
    }

    private static SandboxException Translate(string id, KubeException e) => e.Fault switch
    {
        // Admission: a RuntimeClass that is not there, a quota, a limit range, Pod Security.
        KubeFault.Forbidden when e.Message.Contains("RuntimeClass", StringComparison.Ordinal) => new SandboxException(SandboxFault.RuntimeUnavailable, e.Message, e),
        KubeFault.Forbidden or KubeFault.Invalid => new SandboxException(SandboxFault.StartFailed, $"The cluster refused sandbox '{id}': {e.Message}", e),
        _ => new SandboxException(SandboxFault.EngineUnavailable, $"The cluster does not answer: {e.Message}", e),
    };
}
