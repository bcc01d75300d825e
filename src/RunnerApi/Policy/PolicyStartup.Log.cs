namespace Actors.RunnerApi.Policy;

internal sealed partial class PolicyStartup
{
    [LoggerMessage(1, LogLevel.Information, "Policy {File} loaded: revision {Revision}, {Rules} registry rules, {Profiles} profiles")]
    private static partial void LogLoaded(ILogger logger, string file, string revision, int rules, int profiles);
}
