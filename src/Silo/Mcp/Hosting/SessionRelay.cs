namespace Actors.Silo.Mcp.Hosting;

/// <summary>Where a session's messages go that belong to no request: into the response of its GET, the newest one when there are several, or nowhere.</summary>
internal sealed class SessionRelay : WriteOnlyStream
{
    private readonly SemaphoreSlim _writing = new(1, 1);
    private Stream? _body;
    private TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends what comes to this body; the task ends when another takes its place.</summary>
    public async Task<Task> AttachAsync(Stream body, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            _body = body;
            _replaced.TrySetResult();
            _replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _replaced.Task;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The body's response ends.</summary>
    public async Task DetachAsync(Stream body)
    {
        await _writing.WaitAsync(CancellationToken.None);
        _body = ReferenceEquals(_body, body) ? null : _body;
        _writing.Release();
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => OnBodyAsync(body => body.FlushAsync(cancellationToken), cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await OnBodyAsync(body => body.WriteAsync(buffer, cancellationToken).AsTask(), cancellationToken);

    private async Task OnBodyAsync(Func<Stream, Task> write, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            if (_body is { } body)
            {
                await write(body);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // That connection is gone: the next GET takes over.
            _body = null;
        }
        finally
        {
            _writing.Release();
        }
    }
}
