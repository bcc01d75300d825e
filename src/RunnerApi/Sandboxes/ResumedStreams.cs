namespace Actors.RunnerApi.Sandboxes;

/// <summary>An output that goes on after a reconnection at the byte where it stopped.</summary>
internal sealed class ResumedOutput(ReconnectingConnection owner, Func<ISandboxConnection, Stream> pick) : StdioStream
{
    private ISandboxConnection? _connection;
    private long _delivered;

    public override bool CanRead => true;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _connection ??= owner.Current;
        while (true)
        {
            var (read, engineAway) = await TryReadAsync(buffer, cancellationToken);
            if (read > 0)
            {
                _delivered += read;
                owner.Progressed();
                return read;
            }

            // With the engine back, what the container printed last can be read after all.
            if (buffer.Length == 0 || (!await owner.ReconnectAsync(_connection, cancellationToken) && !engineAway))
            {
                return 0;
            }

            if (_connection == owner.Current)
            {
                continue;
            }

            _connection = owner.Current;
            await SkipAsync(cancellationToken);
        }
    }

    private async ValueTask<(int Read, bool EngineAway)> TryReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return (await pick(_connection!).ReadAsync(buffer, cancellationToken), false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // A broken pipe is an end like any other; the engine is asked what became of the container.
            return (0, false);
        }
        catch (SandboxException e) when (e.Fault == SandboxFault.EngineUnavailable)
        {
            return (0, true);
        }
    }

    private async Task SkipAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        for (var left = _delivered; left > 0;)
        {
            var (read, _) = await TryReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken);
            if (read == 0)
            {
                return;
            }

            left -= read;
        }
    }
}

/// <summary>A write to a stdin that was closed before it: nothing of it has been sent.</summary>
internal sealed class NothingSentException(string message) : IOException(message);

/// <summary>Stdin that goes on after a reconnection. A line whose write broke is not sent again, since a part of it may have arrived: its call ends as unknown.</summary>
internal sealed class ResumedInput(ReconnectingConnection owner) : StdioStream
{
    private static readonly byte[] LineBreak = "\n"u8.ToArray();

    public override bool CanWrite => true;

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var connection = owner.Current;
            try
            {
                await connection.Stdin.WriteAsync(buffer, cancellationToken);
                await connection.Stdin.FlushAsync(cancellationToken);
                return;
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                if (!await owner.ReconnectAsync(connection, cancellationToken))
                {
                    throw;
                }

                // A line break ends what arrived of the broken line, so that the next one stands alone.
                buffer = e is NothingSentException ? buffer : LineBreak;
            }
        }
    }
}
