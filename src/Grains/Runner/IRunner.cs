using System.Net;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Runner;

/// <summary>The runner, as the grain sees it. Every call may be repeated: ids make it idempotent. An unreachable runner is waited for, until the caller cancels.</summary>
internal interface IRunner
{
    /// <summary><c>POST /decisions</c>.</summary>
    Task<Decision> DecideAsync(DecisionRequest request, CancellationToken cancellationToken);

    /// <summary><c>POST /runs</c>.</summary>
    /// <exception cref="RunnerException">Refused or failed.</exception>
    Task<LaunchResponse> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken);

    /// <summary><c>GET /runs/{id}</c>; waits until the phase is no longer <paramref name="whilePhase"/>. Null when the runner knows no such sandbox.</summary>
    Task<SandboxView?> GetSandboxAsync(string id, SandboxPhase? whilePhase, CancellationToken cancellationToken);

    /// <summary><c>PUT /runs/{id}/calls/{callId}</c>.</summary>
    /// <exception cref="RunnerException">Not sent.</exception>
    Task<CallView> SendCallAsync(string id, string callId, CallRequest request, CancellationToken cancellationToken);

    /// <summary><c>GET /runs/{id}/calls/{callId}</c>, a long poll. Null when the runner knows no such call.</summary>
    Task<CallView?> GetCallAsync(string id, string callId, CancellationToken cancellationToken);

    /// <summary>The same call as soon as its progress is another than <paramref name="seen"/> or it is answered; a long poll.</summary>
    Task<CallView?> GetProgressAsync(string id, string callId, double seen, CancellationToken cancellationToken);

    /// <summary><c>DELETE /runs/{id}</c>. Gives the last that was seen of it; null when the runner does not know it any more.</summary>
    Task<SandboxView?> StopAsync(string id, long fence, CancellationToken cancellationToken);
}

/// <summary>The runner's answer was a problem. <see cref="Code"/> is one of <see cref="ProblemCodes"/> or <c>http_NNN</c>.</summary>
internal sealed class RunnerException(HttpStatusCode status, string code, string message, Decision? decision = null) : Exception(message)
{
    public HttpStatusCode Status { get; } = status;

    public string Code { get; } = code;

    public Decision? Decision { get; } = decision;
}
