using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>Bytes that a node's log file of one container may take while it is known to be whole.</summary>
internal sealed class LogBudget(string id, long limit)
{
    // kubelet's prefix of a line, and the piece at which containerd splits one.
    private const int Prefix = 42;
    private const int Piece = 16 * 1024;
    private long _used;

    /// <summary>Counts what was read.</summary>
    /// <exception cref="SandboxException"><see cref="SandboxFault.OutputLost"/>: the file is rotated about now.</exception>
    internal void Take(ReadOnlySpan<byte> bytes)
    {
        var entries = bytes.Count((byte)'\n') + 1 + (bytes.Length / Piece);
        if (Interlocked.Add(ref _used, bytes.Length + ((long)Prefix * entries)) > limit)
        {
            throw Lost();
        }
    }

    internal SandboxException Lost() => new(
        SandboxFault.OutputLost,
        $"The log of sandbox '{id}' reached the {limit} bytes that its node keeps whole; what follows could be lost. Have the server print less, or raise containerLogMaxSize of the nodes and Actors:Runner:Kubernetes:LogRotationMiB.");
}

/// <summary>One output of a container as its node's log has it, from the first byte on. Ends with the container, or when the connection breaks; <see cref="IsBroken"/> tells which.</summary>
internal sealed class PodLog(Func<CancellationToken, Task<HttpResponseMessage>> open, LogBudget budget) : StdioStream
{
    private readonly CancellationTokenSource _closing = new();
    private HttpResponseMessage? _response;
    private Stream? _body;

    public override bool CanRead => true;

    /// <summary>The end was not the log's.</summary>
    internal bool IsBroken { get; private set; }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (IsBroken)
        {
            return 0;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
        try
        {
            _body ??= await OpenAsync(either.Token);
            var read = await _body.ReadAsync(buffer, either.Token);
            if (read > 0)
            {
                budget.Take(buffer.Span[..read]);
            }

            return read;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException or KubeException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            IsBroken = true;
            return 0;
        }
    }

    /// <summary>Ends the stream, also for who reads it now.</summary>
    internal async Task CloseAsync()
    {
        await _closing.CancelAsync();
        _response?.Dispose();
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        // The server sends no head before the first byte, so this can take as long as the container is silent.
        _response = await open(cancellationToken);
        return await _response.Content.ReadAsStreamAsync(cancellationToken);
    }
}
