namespace Actors.Verification.Policy;

internal sealed partial class PolicyGate
{
    [LoggerMessage(1, LogLevel.Information, "Admitted {Reference} under profile {Profile} by rule {Rule}")]
    private static partial void LogAdmitted(ILogger logger, string reference, string profile, string rule);

    [LoggerMessage(2, LogLevel.Warning, "Refused {Image} under profile {Profile}: {Code}: {Reason}")]
    private static partial void LogRefused(ILogger logger, string image, string profile, string code, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Admitted {Reference} under profile {Profile} although it lacks what rule {Rule} demands, as the rule only warns: {Code}: {Reason}")]
    private static partial void LogWarned(ILogger logger, string reference, string profile, string rule, string code, string reason);
}
