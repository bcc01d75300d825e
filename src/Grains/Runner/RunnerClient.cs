using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Polly;
using Polly.Retry;

namespace Actors.Grains.Runner;

/// <summary>The runner over HTTP. Answers are capped; a runner that cannot be reached, is busy or restarts is asked again with growing pauses.</summary>
internal sealed class RunnerClient : IRunner
{
    private const int PollSeconds = 20;
    private const int MostEngineFailures = 3;
    private const long LargestAnswer = 16L * 1024 * 1024;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private readonly HttpClient _http;
    private readonly ResiliencePipeline _patient;

    public RunnerClient(HttpClient http, string token, TimeProvider time)
    {
        _http = http;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        _http.MaxResponseContentBufferSize = LargestAnswer;
        _http.Timeout = TimeSpan.FromSeconds(PollSeconds * 5);
        _patient = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(Retry(int.MaxValue, IsAbsent))
            .AddRetry(Retry(MostEngineFailures, e => e is RunnerException { Code: ProblemCodes.EngineFailed or ProblemCodes.Internal }))
            .Build();
    }

    public Task<Decision> DecideAsync(DecisionRequest request, CancellationToken cancellationToken) =>
        SendAsync<Decision>(HttpMethod.Post, "decisions", request, cancellationToken)!;

    public Task<LaunchResponse> LaunchAsync(LaunchRequest request, CancellationToken cancellationToken) =>
        SendAsync<LaunchResponse>(HttpMethod.Post, "runs", request, cancellationToken)!;

    public Task<SandboxView?> GetSandboxAsync(string id, SandboxPhase? whilePhase, CancellationToken cancellationToken) =>
        OrNullAsync(SendAsync<SandboxView>(
            HttpMethod.Get,
            whilePhase is { } phase ? $"runs/{id}?wait={PollSeconds}&phase={JsonNamingPolicy.SnakeCaseLower.ConvertName(phase.ToString())}" : $"runs/{id}",
            null,
            cancellationToken));

    public Task<CallView> SendCallAsync(string id, string callId, CallRequest request, CancellationToken cancellationToken) =>
        SendAsync<CallView>(HttpMethod.Put, $"runs/{id}/calls/{callId}", request, cancellationToken)!;

    public Task<CallView?> GetCallAsync(string id, string callId, CancellationToken cancellationToken) =>
        OrNullAsync(SendAsync<CallView>(HttpMethod.Get, $"runs/{id}/calls/{callId}?wait={PollSeconds}", null, cancellationToken));

    public Task<CallView?> GetProgressAsync(string id, string callId, double seen, CancellationToken cancellationToken) =>
        OrNullAsync(SendAsync<CallView>(
            HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"runs/{id}/calls/{callId}?wait={PollSeconds}&progress={seen:R}"), null, cancellationToken));

    public Task<SandboxView?> StopAsync(string id, long fence, CancellationToken cancellationToken) =>
        SendAsync<SandboxView>(HttpMethod.Delete, $"runs/{id}?fence={fence}", null, cancellationToken);

    private async Task<T?> SendAsync<T>(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
        where T : class =>
        await _patient.ExecuteAsync(
            async token =>
            {
                using var request = new HttpRequestMessage(method, path);
                request.Content = body is null ? null : JsonContent.Create(body, body.GetType(), options: ContractJson.Options);
                using var response = await SendAsync(request, token);
                if (!response.IsSuccessStatusCode)
                {
                    throw await ProblemAsync(response, token);
                }

                return response.StatusCode == HttpStatusCode.NoContent ? null : await response.Content.ReadFromJsonAsync<T>(ContractJson.Options, token);
            },
            cancellationToken);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _http.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new RunnerException(HttpStatusCode.OK, "answer_too_large", $"The runner's answer is over {LargestAnswer} bytes. Lower Actors:Runner:MaxLineBytes.");
        }
    }

    private static async Task<T?> OrNullAsync<T>(Task<T?> answer)
        where T : class
    {
        try
        {
            return await answer;
        }
        catch (RunnerException e) when (e.Code == ProblemCodes.NotFound)
        {
            return null;
        }
    }

    private static async Task<RunnerException> ProblemAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            var problem = await response.Content.ReadFromJsonAsync<Problem>(ContractJson.Options, cancellationToken);
            return new RunnerException(response.StatusCode, problem?.Code ?? Unnamed(response), problem?.Detail ?? problem?.Title ?? "", problem?.Decision);
        }
        catch (JsonException)
        {
            return new RunnerException(response.StatusCode, Unnamed(response), $"The runner answered {(int)response.StatusCode} without a problem document.");
        }
    }

    private static string Unnamed(HttpResponseMessage response) => $"http_{(int)response.StatusCode}";

    // Absent for now: not started, restarting, overloaded. HttpClient's own timeout shows as a cancellation with a TimeoutException inside.
    private static bool IsAbsent(Exception e) => e is HttpRequestException { HttpRequestError: not HttpRequestError.ConfigurationLimitExceeded }
        or TaskCanceledException { InnerException: TimeoutException }
        or RunnerException { Status: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable };

    private static RetryStrategyOptions Retry(int attempts, Func<Exception, bool> when) => new()
    {
        ShouldHandle = a => ValueTask.FromResult(a.Outcome.Exception is { } e && when(e)),
        MaxRetryAttempts = attempts,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        Delay = TimeSpan.FromMilliseconds(100),
        MaxDelay = LongestPause,
    };

    private sealed record Problem(string? Code, string? Title, string? Detail, Decision? Decision);
}
