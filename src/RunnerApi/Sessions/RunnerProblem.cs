using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions;

/// <summary>A refusal that becomes an <c>application/problem+json</c> answer.</summary>
internal sealed class RunnerProblem(int status, string code, string detail) : Exception(detail)
{
    /// <summary>HTTP status.</summary>
    public int Status { get; } = status;

    /// <summary>One of <see cref="ProblemCodes"/>.</summary>
    public string Code { get; } = code;

    /// <summary>The refused decision; with 403 only.</summary>
    public Decision? Decision { get; private init; }

    /// <summary>Seconds after which a repeat makes sense.</summary>
    public int? RetryAfterSeconds { get; private init; }

    /// <summary>400.</summary>
    public static RunnerProblem BadRequest(string detail) => new(400, ProblemCodes.BadRequest, detail);

    /// <summary>403 with the decision.</summary>
    public static RunnerProblem Refused(Decision decision) =>
        new(403, ProblemCodes.Refused, decision.Reason ?? "The policy refused the image.") { Decision = decision };

    /// <summary>404.</summary>
    public static RunnerProblem NotFound(string detail) => new(404, ProblemCodes.NotFound, detail);

    /// <summary>409: older owner.</summary>
    public static RunnerProblem StaleFence(long given, long seen) =>
        new(409, ProblemCodes.StaleFence, $"Fence {given} is older than {seen}: another owner has taken over; stop working on this run.");

    /// <summary>409: id taken.</summary>
    public static RunnerProblem Conflict(string detail) => new(409, ProblemCodes.Conflict, detail);

    /// <summary>410.</summary>
    public static RunnerProblem Ended(string id) => new(410, ProblemCodes.SandboxEnded, $"Sandbox '{id}' has ended; launch another one under a new id.");

    /// <summary>413.</summary>
    public static RunnerProblem TooLarge(long cap) => new(413, ProblemCodes.TooLarge, $"The body may hold at most {cap} bytes.");

    /// <summary>422.</summary>
    public static RunnerProblem UnknownSecret(string detail) => new(422, ProblemCodes.UnknownSecret, detail);

    /// <summary>429.</summary>
    public static RunnerProblem Busy(string detail) => new(429, ProblemCodes.Busy, detail) { RetryAfterSeconds = 5 };

    /// <summary>502.</summary>
    public static RunnerProblem EngineFailed(string detail) => new(502, ProblemCodes.EngineFailed, detail);

    /// <summary>503: the journal is not restored yet.</summary>
    public static RunnerProblem NotReady() =>
        new(503, ProblemCodes.NotReady, "The runner is still finding its sandboxes again; repeat shortly.") { RetryAfterSeconds = 1 };

    /// <summary>503: something has to be known first.</summary>
    public static RunnerProblem NotReady(string detail) => new(503, ProblemCodes.NotReady, detail) { RetryAfterSeconds = 5 };
}
