namespace Actors.Verification.Policy;

internal sealed partial class PolicySource
{
    [LoggerMessage(11, LogLevel.Information, "Policy {File} loaded: revision {Revision}, {Rules} registry rules, {Profiles} profiles")]
    private static partial void LogLoaded(ILogger logger, string file, string revision, int rules, int profiles);

    [LoggerMessage(12, LogLevel.Error, "Policy {File} changed and cannot be used: revision {Revision} still decides. {Count} fault(s): {Faults}")]
    private static partial void LogKept(ILogger logger, string file, string revision, int count, string faults);

    [LoggerMessage(13, LogLevel.Error, "Policy {File} could not be looked at")]
    private static partial void LogWatchFailed(ILogger logger, Exception exception, string file);

    [LoggerMessage(14, LogLevel.Warning, "{Message}")]
    private static partial void LogOldRoot(ILogger logger, string message);
}
