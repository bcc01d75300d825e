namespace Actors.Silo.Mcp.Subscriptions;

internal sealed partial class SubscriptionsFeature
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The subscription to {Uri} ended: {Reason}")]
    private static partial void LogSubscriptionEnded(ILogger logger, string uri, string reason);
}
