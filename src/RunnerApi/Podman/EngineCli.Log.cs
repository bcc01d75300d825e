namespace Actors.RunnerApi.Podman;

internal sealed partial class EngineCli
{
    private readonly ILogger _logger = logger;

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Program} {Verb} ended with {ExitCode} after {Milliseconds} ms")]
    private partial void LogRan(string program, string verb, int exitCode, double milliseconds);
}
