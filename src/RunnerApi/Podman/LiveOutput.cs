using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>One output as the attached client gives it. What the client missed at the very end is taken from the container's log.</summary>
internal sealed class LiveOutput(Stream live, Func<CancellationToken, Task<Stream?>> tail) : StdioStream
{
    private Stream _current = live;
    private long _delivered;
    private bool _tailed;

    public override bool CanRead => true;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await _current.ReadAsync(buffer, cancellationToken);
        if (read == 0 && buffer.Length > 0 && !_tailed && await tail(cancellationToken) is { } log)
        {
            _tailed = true;
            _current = log;
            await SkipAsync(log, cancellationToken);
            read = await log.ReadAsync(buffer, cancellationToken);
        }

        _delivered += read;
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        _current.Dispose();
        base.Dispose(disposing);
    }

    private async Task SkipAsync(Stream log, CancellationToken cancellationToken)
    {
        var buffer = new byte[65536];
        for (var left = _delivered; left > 0;)
        {
            var read = await log.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            if (read == 0)
            {
                return;
            }

            left -= read;
        }
    }
}
