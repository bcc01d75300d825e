using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <content>Start, attach and replay.</content>
internal sealed partial class PodmanDriver
{
    private static readonly TimeSpan StartPoll = TimeSpan.FromMilliseconds(60);

    /// <inheritdoc />
    public async Task<ISandboxConnection> AttachAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        var gate = _gates[(uint)StringComparer.Ordinal.GetHashCode(id) % (uint)_gates.Length];
        await gate.WaitAsync(cancellationToken);
        try
        {
            var view = TakeFresh(id)
                ?? await FindAsync(id, cancellationToken)
                ?? throw new SandboxException(SandboxFault.NotFound, $"There is no sandbox '{id}'; create it first.");
            return view.Status.State == SandboxState.Created ? await StartAsync(view, cancellationToken) : await ReplayAsync(view);
        }
        finally
        {
            gate.Release();
        }
    }

    private ContainerView? TakeFresh(string id) => _fresh.TryRemove(id, out var made) && _time.GetElapsedTime(made.At) < Fresh ? made.View : null;

    private async Task<ISandboxConnection> StartAsync(ContainerView view, CancellationToken cancellationToken)
    {
        var client = _cli.Start(_dialect.StartAttached(view.Status.PodName, view.Status.Runtime));
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(_options.StartTimeoutSeconds), _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            try
            {
                await WaitStartedAsync(client, view.Status, linked.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new SandboxException(
                    SandboxFault.StartFailed,
                    $"Sandbox '{view.Status.Id}' did not start within {_options.StartTimeoutSeconds} s; raise sandbox:startTimeoutSeconds or the profile's CPU limit.");
            }

            LogStarted(view.Status.Id, view.Status.Runtime);
            return PodmanConnection.Live(client, (stderr, token) => TailAsync(view.Status.Id, stderr, token));
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    // Nothing on the attached streams tells "started" from "failed to start": both carry only the container's bytes or the engine's words.
    private async Task WaitStartedAsync(EngineClient client, SandboxStatus status, CancellationToken cancellationToken)
    {
        while (true)
        {
            var ended = client.Exited.IsCompleted;
            var now = await FindAsync(status.Id, cancellationToken)
                ?? throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{status.Id}' was removed while it started.");
            if (now.Status.State != SandboxState.Created)
            {
                return;
            }

            if (ended)
            {
                var words = Words(await EngineCli.WordsAsync(client, cancellationToken), SecretScrubber.None);
                throw new SandboxException(SandboxFault.StartFailed, $"Sandbox '{status.Id}' could not be started by {status.Runtime}: {words}{Hint(status.Runtime, words)}");
            }

            await Task.WhenAny(client.Exited, Task.Delay(StartPoll, _time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    private static string Hint(string runtime, string words) =>
        runtime == Runtimes.Runsc && words.Contains("cgroup", StringComparison.OrdinalIgnoreCase)
            ? " (gVisor must be able to set up a cgroup here, or no limit would hold: run the engine as root with writable cgroup controllers)"
            : "";

    // Only the log of a container that has ended is whole, and a full one ends before its container did.
    private async Task<Stream?> TailAsync(string id, bool stderr, CancellationToken cancellationToken) =>
        _dialect.HasLogFile && await FindAsync(id, cancellationToken) is { Status.State: SandboxState.Exited, IsLogFull: false } view
            ? new ContainerLog(view, stderr, Task.CompletedTask, _time)
            : null;

    private async Task<ISandboxConnection> ReplayAsync(ContainerView view)
    {
        if (view.IsLogFull)
        {
            throw view.LogFull();
        }

        var name = view.Status.PodName;
        var running = view.Status.State == SandboxState.Running;
        LogReplaying(view.Status.Id, running);
        var attached = running ? _cli.Start(_dialect.Attach(name)) : null;
        try
        {
            if (!_dialect.HasLogFile)
            {
                var logs = _cli.Start(_dialect.Logs(name, follow: running));
                return PodmanConnection.Replayed(logs.Stdout, logs.Stderr, attached, logs);
            }

            // The attached client ends after the container has: by then conmon has written the log's last byte.
            var live = attached?.Exited ?? Task.CompletedTask;
            return PodmanConnection.Replayed(new ContainerLog(view, stderr: false, live, _time), new ContainerLog(view, stderr: true, live, _time), attached);
        }
        catch
        {
            await (attached?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }
}
