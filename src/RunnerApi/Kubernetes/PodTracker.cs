using System.Collections.Concurrent;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sessions;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>One watch for all pods of a driver: whoever waits for a pod is woken by its change. It begins with the first who waits.</summary>
internal sealed partial class PodTracker(KubeClient client, string labels, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Pod> _pods = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _gone = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Pod> _takenAway = new(StringComparer.Ordinal);
    private readonly ChangeSignal _changed = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task? _running;

    /// <summary>Waits until <paramref name="done"/> holds of the pod, or until it is gone (null), or for at most <paramref name="limit"/>; gives what was seen last.</summary>
    /// <param name="seed">The pod as its creation or a read gave it.</param>
    /// <param name="done">What is waited for.</param>
    /// <param name="limit">How long.</param>
    /// <param name="cancellationToken">Ends the wait with an exception.</param>
    internal async Task<Pod?> WaitAsync(Pod seed, Func<Pod, bool> done, TimeSpan limit, CancellationToken cancellationToken)
    {
        Begin();
        if (done(seed))
        {
            return seed;
        }

        var (name, uid) = (seed.Metadata.Name!, seed.Metadata.Uid!);
        await _changed.WaitAsync(() => _gone.ContainsKey(uid) || done(Now()), limit, client.Time, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return _gone.ContainsKey(uid) ? null : Now();

        Pod Now() => _pods.TryGetValue(name, out var pod) && pod.Metadata.Uid == uid ? pod : seed;
    }

    /// <summary>What was seen last of a pod that was taken away and that nobody has forgotten; null of all others.</summary>
    internal Pod? TakenAway(string name) =>
        _takenAway.GetValueOrDefault(name) ?? (_pods.TryGetValue(name, out var pod) && PodReading.IsTakenAway(pod) ? pod : null);

    /// <summary>Its end is known.</summary>
    internal void Forget(string name) => _takenAway.TryRemove(name, out _);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await (_running ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Begin()
    {
        lock (_gate)
        {
            _running ??= Task.Run(RunAsync);
        }
    }

    private async Task RunAsync()
    {
        var version = "";
        for (var fruitless = 0; !_stop.IsCancellationRequested;)
        {
            try
            {
                version = version.Length > 0 ? version : await ListAsync();
                fruitless++;
                await foreach (var change in client.WatchPodsAsync(labels, version, _stop.Token))
                {
                    version = change.Pod.Metadata.ResourceVersion ?? version;
                    Apply(change);
                    fruitless = 0;
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (KubeException e) when (e.Fault == KubeFault.Expired)
            {
                // What happened in between is not kept, so all is read anew.
                version = "";
            }
            catch (KubeException e)
            {
                // It goes on where it broke.
                fruitless++;
                LogWatchBroke(e.Fault, e.Message);
            }
            catch (Exception e)
            {
                // Nothing that the server says may end the one watch.
                (version, fruitless) = ("", fruitless + 1);
                LogWatchBroke(KubeFault.Protocol, e.Message);
            }

            await PauseAsync(fruitless);
        }
    }

    private async Task<string> ListAsync()
    {
        var (pods, version) = await client.ListPodsAsync(labels, _stop.Token);
        var present = pods.Select(p => p.Metadata.Uid!).ToHashSet(StringComparer.Ordinal);
        foreach (var pod in _pods.Values.Where(p => !present.Contains(p.Metadata.Uid!)))
        {
            Remove(pod);
        }

        foreach (var pod in pods)
        {
            _pods[pod.Metadata.Name!] = pod;
        }

        _changed.Pulse();
        return version;
    }

    private void Apply(PodChange change)
    {
        switch (change.Kind)
        {
            case PodChangeKind.Bookmark:
                return;
            case PodChangeKind.Deleted:
                Remove(change.Pod);
                break;
            default:
                _pods[change.Pod.Metadata.Name!] = change.Pod;
                break;
        }

        _changed.Pulse();
    }

    private void Remove(Pod pod)
    {
        _pods.TryRemove(new KeyValuePair<string, Pod>(pod.Metadata.Name!, _pods.GetValueOrDefault(pod.Metadata.Name!) is { } now && now.Metadata.Uid == pod.Metadata.Uid ? now : pod));
        if (PodReading.IsTakenAway(pod))
        {
            _takenAway[pod.Metadata.Name!] = pod;
            if (_takenAway.Count > 1000)
            {
                _takenAway.Clear();
            }
        }

        _gone[pod.Metadata.Uid!] = 0;
        if (_gone.Count > 10_000)
        {
            _gone.Clear();
        }
    }

    private async Task PauseAsync(int fruitless)
    {
        var pause = TimeSpan.FromMilliseconds(50 * Math.Pow(2, Math.Min(fruitless, 10)));
        await Task.Delay(fruitless == 0 ? TimeSpan.Zero : pause > LongestPause ? LongestPause : pause, client.Time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watch of pods broke ({Fault}) and is resumed: {Reason}")]
    private partial void LogWatchBroke(KubeFault fault, string reason);
}
