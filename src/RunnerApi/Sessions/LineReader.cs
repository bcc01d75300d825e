namespace Actors.RunnerApi.Sessions;

/// <summary>What a read of stdout brought.</summary>
internal enum LineKind
{
    /// <summary>A line without its line break.</summary>
    Line,

    /// <summary>The first bytes of a line over the cap; the rest is skipped.</summary>
    TooLong,

    /// <summary>The output budget is used up.</summary>
    OverBudget,

    /// <summary>The stream has ended.</summary>
    End,
}

/// <summary>One read.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Bytes">Valid until the next read.</param>
internal readonly record struct LineRead(LineKind Kind, ReadOnlyMemory<byte> Bytes);

/// <summary>Splits untrusted stdout into lines; holds at most one line's cap in memory whatever is sent.</summary>
internal sealed class LineReader(Stream source, int maxLine, OutputBudget budget)
{
    private byte[] _buffer = new byte[Math.Min(16 * 1024, maxLine + 1)];
    private int _start;
    private int _end;
    private int _scanned;
    private bool _skipping;
    private bool _ended;
    private long _total;

    /// <summary>Bytes read so far.</summary>
    public long TotalBytes => Volatile.Read(ref _total);

    /// <summary>The next line, or why there is none.</summary>
    public async ValueTask<LineRead> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TakeBuffered() is { } line)
            {
                return line;
            }

            if (_ended)
            {
                return TakeRest();
            }

            MakeRoom();
            var count = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                _ended = true;
                continue;
            }

            _end += count;
            Interlocked.Add(ref _total, count);
            if (!budget.TryTake(count))
            {
                return new LineRead(LineKind.OverBudget, default);
            }
        }
    }

    private LineRead? TakeBuffered()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
            if (at < 0)
            {
                _scanned = _end;
                return TakeOverlong();
            }

            var line = _buffer.AsMemory(_start, _scanned + at - _start);
            _start = _scanned = _scanned + at + 1;
            if (_skipping)
            {
                _skipping = false;
                continue;
            }

            return line.Length > maxLine ? new LineRead(LineKind.TooLong, line) : new LineRead(LineKind.Line, Trim(line));
        }
    }

    private LineRead? TakeOverlong()
    {
        var pending = _buffer.AsMemory(_start, _end - _start);
        if (!_skipping && pending.Length <= maxLine)
        {
            return null;
        }

        _start = _end = _scanned = 0;
        if (_skipping)
        {
            return null;
        }

        _skipping = true;
        return new LineRead(LineKind.TooLong, pending);
    }

    private LineRead TakeRest()
    {
        var rest = _buffer.AsMemory(_start, _end - _start);
        _start = _end = _scanned = 0;
        return rest.Length == 0 || _skipping ? new LineRead(LineKind.End, default) : new LineRead(LineKind.Line, Trim(rest));
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _scanned -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, maxLine + 1));
        }
    }

    private static ReadOnlyMemory<byte> Trim(ReadOnlyMemory<byte> line) => line.Length > 0 && line.Span[^1] == (byte)'\r' ? line[..^1] : line;
}
