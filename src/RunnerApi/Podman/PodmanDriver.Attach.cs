using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <content>Start, attach and replay.</content>
internal sealed partial class PodmanDriver
{
    /// <inheritdoc />
    public async Task<ISandboxConnection> AttachAsync(string id, CancellationToken cancellationToken)
    {
        SpecRules.CheckId(id);
        var gate = _gates[(uint)StringComparer.Ordinal.GetHashCode(id) % (uint)_gates.Length];
        await gate.WaitAsync(cancellationToken);
        try
        {
            var view = await FindAsync(id, cancellationToken)
                ?? throw new SandboxException(SandboxFault.NotFound, $"There is no sandbox '{id}'; create it first.");
            return view.Status.State == SandboxState.Created ? await StartAsync(view, cancellationToken) : await ReplayAsync(view);
        }
        finally
        {
            gate.Release();
        }
    }

    // Attached first, so that not a byte is missed; the engine sets the container up for that, and only then runs it.
    private async Task<ISandboxConnection> StartAsync(ContainerView view, CancellationToken cancellationToken)
    {
        var status = view.Status;
        var api = ApiOf(status.Runtime);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(_options.StartTimeoutSeconds), _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        EngineStream? attached = null;
        try
        {
            (attached, var refusal) = await api.UpgradeAsync("attach", _dialect.AttachPath(status.PodName), _options.StartTimeoutSeconds, linked.Token);
            var started = refusal ?? await api.SendAsync("start", HttpMethod.Post, _dialect.StartPath(status.PodName), _options.StartTimeoutSeconds, linked.Token);
            if (attached is null || !started.Succeeded)
            {
                throw NotStarted(view, started);
            }

            LogStarted(status.Id, status.Runtime);
            return PodmanConnection.Live(attached, (stderr, token) => TailAsync(status.Id, stderr, token));
        }
        catch (Exception e)
        {
            await (attached?.DisposeAsync() ?? ValueTask.CompletedTask);
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                throw new SandboxException(
                    SandboxFault.StartFailed,
                    $"Sandbox '{status.Id}' did not start within {_options.StartTimeoutSeconds} s; raise sandbox:startTimeoutSeconds or the profile's CPU limit.");
            }

            throw;
        }
    }

    private static SandboxException NotStarted(ContainerView view, EngineAnswer answer)
    {
        var status = view.Status;
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return new SandboxException(SandboxFault.StartFailed, $"Sandbox '{status.Id}' was removed while it started.");
        }

        var words = EngineWords.Of($"{answer.Words} {view.StartWords}", SecretScrubber.None);
        return new SandboxException(SandboxFault.StartFailed, $"Sandbox '{status.Id}' could not be started by {status.Runtime}: {words}{Hint(status.Runtime, words)}");
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
