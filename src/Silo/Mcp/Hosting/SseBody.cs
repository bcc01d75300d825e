namespace Actors.Silo.Mcp.Hosting;

/// <summary>A response body that writes an SSE comment when nothing was written for a while, so that neither client nor proxy takes the stream for dead. Writes never overlap.</summary>
internal sealed class SseBody : WriteOnlyStream
{
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(5);
    private static readonly byte[] Comment = ": keepalive\n\n"u8.ToArray();
    private readonly HttpResponse _response;
    private readonly Stream _inner;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _beat;
    private long _lastWrite;
    private bool _replaced;

    public SseBody(HttpResponse response, TimeProvider time)
    {
        _response = response;
        _inner = response.Body;
        _time = time;
        _lastWrite = time.GetTimestamp();
        _beat = BeatAsync();
    }

    /// <summary>Writes another answer than a stream, unless the stream has begun; what is written afterwards goes nowhere.</summary>
    public Task ReplaceAsync(Func<Task> answer, CancellationToken cancellationToken) => AloneAsync(
        async () =>
        {
            if (!_response.HasStarted)
            {
                _replaced = true;
                await answer();
            }
        },
        cancellationToken);

    public override Task FlushAsync(CancellationToken cancellationToken) => AloneAsync(() => _replaced ? Task.CompletedTask : _inner.FlushAsync(cancellationToken), cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => await AloneAsync(
        async () =>
        {
            _lastWrite = _time.GetTimestamp();
            if (!_replaced)
            {
                await _inner.WriteAsync(buffer, cancellationToken);
            }
        },
        cancellationToken);

    public override async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _beat;
        _ended.Dispose();
        _writing.Dispose();
        await base.DisposeAsync();
    }

    private async Task AloneAsync(Func<Task> write, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            await write();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task BeatAsync()
    {
        try
        {
            while (!_replaced)
            {
                var left = KeepAlive - _time.GetElapsedTime(_lastWrite);
                if (left > TimeSpan.Zero)
                {
                    await Task.Delay(left, _time, _ended.Token);
                }
                else
                {
                    await AloneAsync(BeatOnceAsync, _ended.Token);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The response ended, or the client is gone.
        }
    }

    private async Task BeatOnceAsync()
    {
        if (!_replaced)
        {
            await _inner.WriteAsync(Comment, _ended.Token);
            await _inner.FlushAsync(_ended.Token);
            _lastWrite = _time.GetTimestamp();
        }
    }
}
