using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <content>Log messages: ids and codes only, never what the server printed.</content>
internal sealed partial class McpSession
{
    [LoggerMessage(1, LogLevel.Information, "Sandbox {Id} is ready, MCP {Version}")]
    private partial void LogReady(string id, string version);

    [LoggerMessage(2, LogLevel.Information, "Sandbox {Id} ended: {Phase}, {Code}")]
    private partial void LogEnded(string id, SandboxPhase phase, string code);

    [LoggerMessage(3, LogLevel.Warning, "Sandbox {Id} could not be stopped ({Fault}); the reaper will try again")]
    private partial void LogStopFailed(string id, SandboxFault fault);

    [LoggerMessage(4, LogLevel.Error, "The journal of sandbox {Id} could not be written")]
    private partial void LogJournalFailed(Exception exception, string id);

    [LoggerMessage(6, LogLevel.Warning, "The engine is asked again about sandbox {Id}: {Reason}")]
    private partial void LogEngineAway(string id, string reason);

    [LoggerMessage(5, LogLevel.Error, "The session of sandbox {Id} broke")]
    private partial void LogBroken(Exception exception, string id);
}
