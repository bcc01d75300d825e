using ModelContextProtocol;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Answers what nobody caught, in every environment the same: the log has the details, the client none.</summary>
internal static partial class FailureAnswer
{
    private const int RetrySeconds = 5;

    /// <summary>Must come first, so that it sees all failures.</summary>
    public static void Use(WebApplication app) => app.Use(async (HttpContext context, RequestDelegate next) =>
    {
        try
        {
            await next(context);
        }
        catch (Exception e) when (!context.Response.HasStarted && !context.RequestAborted.IsCancellationRequested)
        {
            LogFailed(app.Logger, e, context.Request.Path);
            context.Response.Clear();
            await Fault(e).WriteAsync(context);
        }
    });

    private static McpFault Fault(Exception e) => e is BadHttpRequestException bad
        ? new McpFault(bad.StatusCode, McpErrorCode.InvalidRequest, "The request is no proper HTTP, or did not come whole.")
        : new McpFault(StatusCodes.Status503ServiceUnavailable, McpErrorCode.InternalError, "The silo cannot answer now; its log says why. Try again.") { RetryAfter = RetrySeconds };

    [LoggerMessage(Level = LogLevel.Error, Message = "A request to {Path} failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string path);
}
