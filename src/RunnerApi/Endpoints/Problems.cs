using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions;
using Actors.Verification.Policy;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.WebUtilities;

namespace Actors.RunnerApi.Endpoints;

/// <summary>Every error of the runner is <c>application/problem+json</c> with a stable <c>code</c>.</summary>
internal static partial class Problems
{
    /// <summary>The body of an error.</summary>
    internal sealed record Body(string Title, int Status, string Code, string Detail, Decision? Decision);

    /// <summary>Turns an exception into an answer.</summary>
    public static Task HandleAsync(HttpContext context)
    {
        var error = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        switch (error)
        {
            case RunnerProblem problem:
                return WriteAsync(context, problem);
            case GateBusyException busy:
                return WriteAsync(context, RunnerProblem.Busy(busy.Message));
            case BadHttpRequestException { StatusCode: 413 }:
                return WriteAsync(context, new RunnerProblem(413, ProblemCodes.TooLarge, "The body is too large."));
            case BadHttpRequestException bad:
                return WriteAsync(context, new RunnerProblem(bad.StatusCode, ProblemCodes.BadRequest, "The request is malformed."));
            default:
                LogUnexpected(context.RequestServices.GetRequiredService<ILogger<RunnerProblem>>(), error);
                return WriteAsync(context, new RunnerProblem(500, ProblemCodes.Internal, "A fault of the runner; its log says more."));
        }
    }

    /// <summary>Gives an answer without a body, such as an unknown route's, its body.</summary>
    public static Task HandleStatusAsync(HttpContext context) => context.Response.StatusCode switch
    {
        404 => WriteAsync(context, RunnerProblem.NotFound("There is no such route.")),
        413 => WriteAsync(context, new RunnerProblem(413, ProblemCodes.TooLarge, "The body is too large.")),
        var status => WriteAsync(context, new RunnerProblem(status, ProblemCodes.BadRequest, ReasonPhrases.GetReasonPhrase(status))),
    };

    /// <summary>Writes a problem.</summary>
    public static Task WriteAsync(HttpContext context, RunnerProblem problem)
    {
        var response = context.Response;
        response.StatusCode = problem.Status;
        response.ContentType = "application/problem+json";
        if (problem.RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        var body = new Body(ReasonPhrases.GetReasonPhrase(problem.Status), problem.Status, problem.Code, problem.Message, problem.Decision);
        return response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body, ContractJson.Options), context.RequestAborted).AsTask();
    }

    [LoggerMessage(30, LogLevel.Error, "A request failed unexpectedly")]
    private static partial void LogUnexpected(ILogger logger, Exception? exception);
}
