namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>Splits a stream into lines of at most so many bytes.</summary>
internal sealed class BoundedLines(Stream source, int longest)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _start;
    private int _end;

    /// <summary>The next line without its break, valid until the next call; null at the end.</summary>
    /// <exception cref="KubeException">The stream broke, or a line is too long.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        for (var scanned = _start; ;)
        {
            var at = _buffer.AsSpan(scanned, _end - scanned).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = _buffer.AsMemory(_start, scanned + at - _start);
                _start = scanned + at + 1;
                return line;
            }

            var pending = MakeRoom();
            scanned = pending;
            int read;
            try
            {
                read = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            }
            catch (IOException e)
            {
                throw new KubeException(KubeFault.Unreachable, "The stream from the API server broke.", e);
            }

            if (read == 0)
            {
                return null;
            }

            _end += read;
        }
    }

    // Gives the number of bytes that were searched already.
    private int MakeRoom()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            if (_end >= longest)
            {
                throw new KubeException(KubeFault.Protocol, $"A line from the API server is over {longest} bytes.");
            }

            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, longest));
        }

        return _end;
    }
}
