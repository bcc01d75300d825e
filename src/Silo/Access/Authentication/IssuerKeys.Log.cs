namespace Actors.Silo.Access.Authentication;

internal sealed partial class IssuerKeys
{
    [LoggerMessage(41, LogLevel.Information, "Read {Count} signing keys of {Issuer}")]
    private static partial void LogRead(ILogger logger, string issuer, int count);

    [LoggerMessage(42, LogLevel.Error, "The signing keys of {Issuer} cannot be read: {Reason}. The ones from before still serve: {Usable}")]
    private static partial void LogFailed(ILogger logger, string issuer, string reason, bool usable);
}
