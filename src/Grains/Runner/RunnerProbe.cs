namespace Actors.Grains.Runner;

/// <summary>Whether the runner answers, asked at most every few seconds.</summary>
internal sealed class RunnerProbe(HttpClient http, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private Answer? _last;

    public async Task<bool> IsReachableAsync(CancellationToken cancellationToken)
    {
        if (_last is { } last && time.GetElapsedTime(last.At) < Fresh)
        {
            return last.Reachable;
        }

        var reachable = await AskAsync(cancellationToken);
        _last = new Answer(reachable, time.GetTimestamp());
        return reachable;
    }

    private async Task<bool> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            using var response = await http.GetAsync(new Uri("healthz", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private sealed record Answer(bool Reachable, long At);
}
