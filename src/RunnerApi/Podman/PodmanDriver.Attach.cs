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
            var view = await FindAsync(id, cancellationToken)
                ?? throw new SandboxException(SandboxFault.NotFound, $"There is no sandbox '{id}'; create it first.");
            return view.Status.State == SandboxState.Created ? await StartAsync(view, cancellationToken) : Replay(view);
        }
        finally
        {
            gate.Release();
        }
    }

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
                    SandboxFault.EngineUnavailable,
                    $"Sandbox '{view.Status.Id}' did not start within {_options.StartTimeoutSeconds} s; raise sandbox:startTimeoutSeconds or the profile's CPU limit.");
            }

            LogStarted(view.Status.Id, view.Status.Runtime);
            return new LiveConnection(client);
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

    private ReplayConnection Replay(ContainerView view)
    {
        if (view.IsLogFull)
        {
            throw ReplayConnection.LogFull(view);
        }

        var name = view.Status.PodName;
        var running = view.Status.State == SandboxState.Running;
        var attached = running ? _cli.Start(_dialect.Attach(name)) : null;
        LogReplaying(view.Status.Id, running);
        return new ReplayConnection(_cli.Start(_dialect.Logs(name, follow: running)), attached, view, _time);
    }
}
