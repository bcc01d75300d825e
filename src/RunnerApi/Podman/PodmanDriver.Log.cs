namespace Actors.RunnerApi.Podman;

internal sealed partial class PodmanDriver
{
    private readonly ILogger _logger;

    [LoggerMessage(Level = LogLevel.Information, Message = "Pulled {Reference}")]
    private partial void LogPulled(string reference);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Id} started under {Runtime}")]
    private partial void LogStarted(string id, string runtime);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Id} is replayed from its log; running: {Running}")]
    private partial void LogReplaying(string id, bool running);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Id} stopped and removed")]
    private partial void LogStopped(string id);
}
