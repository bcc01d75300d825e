using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Sessions;

/// <content>Log messages: ids and codes only.</content>
internal sealed partial class SandboxRegistry
{
    private readonly ILogger _logger = logger;

    [LoggerMessage(10, LogLevel.Information, "Sandbox {Id} launched: {Digest}, runtime {Runtime}")]
    private partial void LogLaunched(string id, string digest, string runtime);

    [LoggerMessage(11, LogLevel.Warning, "Sandbox {Id} could not be launched or stopped: {Fault}")]
    private partial void LogLaunchFailed(string id, SandboxFault fault);

    [LoggerMessage(17, LogLevel.Error, "The launch of sandbox {Id} broke off; what it made is removed")]
    private partial void LogLaunchBroken(Exception exception, string id);

    [LoggerMessage(12, LogLevel.Information, "Sandbox {Id} removed")]
    private partial void LogRemoved(string id);

    [LoggerMessage(13, LogLevel.Information, "Found {Sandboxes} sandboxes in the journal and {Containers} containers")]
    private partial void LogRestored(int sandboxes, int containers);

    [LoggerMessage(14, LogLevel.Error, "The journal of sandbox {Id} can't be read; the sandbox is removed")]
    private partial void LogJournalUnreadable(Exception exception, string id);

    [LoggerMessage(15, LogLevel.Warning, "Reaping sandbox {Id}: {Cause} (dry run: {DryRun})")]
    private partial void LogReaped(string id, string cause, bool dryRun);

    [LoggerMessage(16, LogLevel.Error, "Sandbox {Id} could not be swept")]
    private partial void LogSweepFailed(Exception exception, string id);
}
