using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <content>Joins a container of an earlier process in the background, so that none keeps another waiting.</content>
internal sealed partial class McpSession
{
    private static readonly TimeSpan s_enginePause = TimeSpan.FromSeconds(5);

    private async Task ResumeAsync(Func<CancellationToken, Task<ISandboxConnection>> attach)
    {
        ISandboxConnection connection;
        try
        {
            connection = await AskAsync(async token => await BeginAgainAsync(await attach(token)));
        }
        catch (OperationCanceledException)
        {
            // Stopped or detached.
            return;
        }
        catch (Exception e)
        {
            LogBroken(e, Id);
            await EndAsync(SandboxPhase.Failed, SandboxReasons.StartFailed, "The container could not be started or attached.");
            return;
        }

        await RunAsync(connection);
    }

    private async Task<ISandboxConnection> BeginAgainAsync(ISandboxConnection connection)
    {
        try
        {
            _wasReady = _journal.InitializedSentAt is not null;
            Calls.ArmRestored();
            Begin(restored: true);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    // An engine that is away says nothing about the sandbox, so it is asked until it answers.
    private async Task<T> AskAsync<T>(Func<CancellationToken, Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask(_stop.Token);
            }
            catch (SandboxException e) when (e.Fault == SandboxFault.EngineUnavailable)
            {
                LogEngineAway(Id, e.Message);
                await Task.Delay(s_enginePause, _services.Time, _stop.Token);
            }
        }
    }
}
