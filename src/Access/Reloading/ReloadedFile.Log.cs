namespace Actors.Access;

internal sealed partial class ReloadedFile<T>
{
    [LoggerMessage(31, LogLevel.Information, "The {What} changed and were loaded")]
    private static partial void LogLoaded(ILogger logger, string what);

    [LoggerMessage(32, LogLevel.Error, "The {What} changed and cannot be used: those from before still hold. {Count} fault(s): {Faults}")]
    private static partial void LogKept(ILogger logger, string what, int count, string faults);

    [LoggerMessage(33, LogLevel.Error, "The files of the {What} could not be looked at")]
    private static partial void LogWatchFailed(ILogger logger, Exception exception, string what);
}
