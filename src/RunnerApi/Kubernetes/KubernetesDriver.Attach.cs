using System.Globalization;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <content>Attach and replay, which are one.</content>
internal sealed partial class KubernetesDriver
{
    // The first version whose API can tell stdout from stderr; whether a cluster of it really does is tried.
    private const int SplitsSince = 32;

    // kubelet closes a log before it reports the end.
    private static readonly TimeSpan LogLead = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AttachPause = TimeSpan.FromSeconds(1);

    private bool? _splits;

    /// <inheritdoc />
    public async Task<ISandboxConnection> AttachAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        return await CallAsync(id, async () =>
        {
            var found = await FindAsync(id, cancellationToken)
                ?? throw new SandboxException(SandboxFault.NotFound, $"There is no sandbox '{id}'; create it first.");
            var pod = await StartedAsync(found, cancellationToken);
            if (PodReading.Problem(pod) is { } problem)
            {
                throw problem;
            }

            return await ConnectAsync(id, pod, cancellationToken);
        });
    }

    private async Task<ISandboxConnection> ConnectAsync(string id, Pod pod, CancellationToken cancellationToken)
    {
        if (PodReading.Annotation(pod, PodTemplate.AttachedAnnotation) is null)
        {
            pod = await _client.PatchPodAsync(pod.Metadata.Name!, PodTemplate.Attached(pod, _client.Time.GetUtcNow()), cancellationToken);
        }

        Stream stdin = PodReading.HasEnded(pod) ? new EndedStdin() : await StdinAsync(pod, cancellationToken);
        try
        {
            var budget = BudgetOf(id, pod);
            var split = await SplitsAsync(pod, cancellationToken);
            LogAttached(id, stdin is PodStdin);
            if (!split)
            {
                return KubernetesConnection.Merged(stdin, Log(pod, LogOutput.All, budget), LongestLine, token => HasEndedAsync(pod, LogLead, token));
            }

            var (stdout, stderr) = (Log(pod, LogOutput.Stdout, budget), Log(pod, LogOutput.Stderr, budget));
            return new KubernetesConnection(stdin, stdout, stderr, [stdout, stderr]);
        }
        catch
        {
            await (stdin is PodStdin attached ? attached.CloseAsync() : Task.CompletedTask);
            throw;
        }
    }

    // A container can end between our look and our attach, and a node's kubelet can be away for a moment.
    private async Task<Stream> StdinAsync(Pod pod, CancellationToken cancellationToken)
    {
        var begin = _client.Time.GetTimestamp();
        while (true)
        {
            try
            {
                return new PodStdin(await _client.AttachStdinAsync(pod.Metadata.Name!, PodTemplate.ContainerName, cancellationToken));
            }
            catch (KubeException e) when (e.Fault is not (KubeFault.Unauthorized or KubeFault.Forbidden))
            {
                if (await HasEndedAsync(pod, AttachPause, cancellationToken))
                {
                    return new EndedStdin();
                }

                if (_client.Time.GetElapsedTime(begin) > TimeSpan.FromSeconds(_options.RequestTimeoutSeconds))
                {
                    throw;
                }
            }
        }
    }

    private PodLog Log(Pod pod, LogOutput output, LogBudget budget) =>
        new(token => _client.OpenLogAsync(pod.Metadata.Name!, PodTemplate.ContainerName, output, follow: true, token), budget);

    private async Task<bool> HasEndedAsync(Pod pod, TimeSpan limit, CancellationToken cancellationToken)
    {
        var seen = await _tracker.WaitAsync(pod, PodReading.HasEnded, limit, cancellationToken);
        return seen is null || PodReading.HasEnded(seen);
    }

    private LogBudget BudgetOf(string id, Pod pod) => new(
        id, long.TryParse(PodReading.Annotation(pod, PodTemplate.LogBytesAnnotation), CultureInfo.InvariantCulture, out var bytes) ? bytes : _options.LogRotationMiB * 1024L * 1024L);

    private async Task<bool> SplitsAsync(Pod pod, CancellationToken cancellationToken)
    {
        if (_splits is null)
        {
            var minor = (await _client.VersionAsync(cancellationToken)).Minor?.TrimEnd('+');
            _splits = int.TryParse(minor, CultureInfo.InvariantCulture, out var number)
                && number >= SplitsSince
                && await _client.KnowsLogStreamsAsync(pod.Metadata.Name!, PodTemplate.ContainerName, cancellationToken);
        }

        return _splits.Value;
    }
}
