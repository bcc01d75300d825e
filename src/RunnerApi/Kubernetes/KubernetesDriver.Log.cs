namespace Actors.RunnerApi.Kubernetes;

internal sealed partial class KubernetesDriver
{
    private readonly ILogger _logger;

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Id} is attached, its log read from the first byte; running: {Running}")]
    private partial void LogAttached(string id, bool running);

    [LoggerMessage(Level = LogLevel.Information, Message = "Sandbox {Id} stopped and removed")]
    private partial void LogStopped(string id);
}
