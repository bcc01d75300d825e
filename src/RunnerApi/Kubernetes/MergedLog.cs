using System.Buffers;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>Mends a log that holds both outputs untagged. A line over 16 KiB is logged in pieces, and a line of the other output can stand between two of them: the pieces of a JSON line are held
/// until its brackets are closed, and what came between is given before it. What is given depends on the log alone, so every read of one log gives the same bytes.</summary>
/// <param name="log">Both outputs.</param>
/// <param name="longest">Bytes of a line that is of use to the reader; of a longer one nothing is held any more.</param>
/// <param name="hasEnded">Whether the end of the log is the container's.</param>
internal sealed class MergedLog(PodLog log, int longest, Func<CancellationToken, Task<bool>> hasEnded) : StdioStream
{
    private const int Piece = 16 * 1024;

    // What a long line needed is not kept for the short ones that follow.
    private const int MostKept = 8 * Piece;

    private readonly byte[] _input = new byte[32 * 1024];
    private readonly ArrayBufferWriter<byte> _segment = new(Piece);
    private ArrayBufferWriter<byte> _held = new();
    private ArrayBufferWriter<byte> _ready = new();
    private JsonBalance _balance;
    private int _given;
    private bool _inPlainLine;
    private bool _over;

    public override bool CanRead => true;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_given == _ready.WrittenCount && !_over)
        {
            _ready = Emptied(_ready);
            _given = 0;
            var read = await log.ReadAsync(_input, cancellationToken);
            if (read > 0)
            {
                Take(_input.AsSpan(0, read));
                continue;
            }

            _over = true;
            if (!log.IsBroken && await hasEnded(cancellationToken))
            {
                // Only now is it known that no other piece follows.
                _ready.Write(_held.WrittenSpan);
                _ready.Write(_segment.WrittenSpan);
            }
        }

        var count = Math.Min(buffer.Length, _ready.WrittenCount - _given);
        _ready.WrittenMemory.Slice(_given, count).CopyTo(buffer);
        _given += count;
        return count;
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            // A full segment whose next byte is no line's end is a piece.
            if (_segment.WrittenCount == Piece && bytes[0] != (byte)'\n')
            {
                EndPiece();
            }

            var room = Piece - _segment.WrittenCount;
            var at = bytes[..Math.Min(room + 1, bytes.Length)].IndexOf((byte)'\n');
            var count = at >= 0 ? at : Math.Min(room, bytes.Length);
            _segment.Write(bytes[..count]);
            bytes = bytes[count..];
            if (at >= 0)
            {
                bytes = bytes[1..];
                EndLine();
            }
        }

        // What cannot be a piece of a held line need not wait for its end, but a short tail may still become either.
        if (_inPlainLine)
        {
            GiveSegment();
        }
    }

    private void EndPiece()
    {
        var starts = _segment.WrittenSpan is [(byte)'{', ..];
        if (_inPlainLine || (_held.WrittenCount == 0 && !starts))
        {
            _inPlainLine = true;
            GiveSegment();
            return;
        }

        if (starts && _segment.WrittenSpan.StartsWith("{\"jsonrpc\""u8) && _held.WrittenCount > 0)
        {
            // Another message begins: what was held can never be completed.
            GiveHeld();
            _ready.Write("\n"u8);
        }

        _balance = _balance.After(_segment.WrittenSpan);
        _held.Write(_segment.WrittenSpan);
        _segment.ResetWrittenCount();
        if (_held.WrittenCount > longest)
        {
            GiveHeld();
            _inPlainLine = true;
        }
    }

    private void EndLine()
    {
        if (_held.WrittenCount > 0 && _balance.After(_segment.WrittenSpan).IsClosed)
        {
            GiveHeld();
        }

        _inPlainLine = false;
        GiveSegment();
        _ready.Write("\n"u8);
    }

    private void GiveHeld()
    {
        if (_ready.WrittenCount == 0)
        {
            (_ready, _held) = (_held, _ready);
        }
        else
        {
            _ready.Write(_held.WrittenSpan);
        }

        _held = Emptied(_held);
        _balance = default;
    }

    private static ArrayBufferWriter<byte> Emptied(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity > MostKept)
        {
            return new ArrayBufferWriter<byte>();
        }

        buffer.ResetWrittenCount();
        return buffer;
    }

    private void GiveSegment()
    {
        _ready.Write(_segment.WrittenSpan);
        _segment.ResetWrittenCount();
    }
}

/// <summary>How many brackets of a JSON text are open.</summary>
internal readonly record struct JsonBalance(int Depth, bool InString, bool Escaped, bool Begun)
{
    /// <summary>The text is complete.</summary>
    internal bool IsClosed => Begun && Depth <= 0 && !InString;

    /// <summary>The balance after more text.</summary>
    internal JsonBalance After(ReadOnlySpan<byte> text)
    {
        var (depth, inString, escaped) = (Depth, InString, Escaped);
        foreach (var b in text)
        {
            if (escaped)
            {
                escaped = false;
            }
            else if (inString)
            {
                escaped = b == (byte)'\\';
                inString = b != (byte)'"';
            }
            else
            {
                inString = b == (byte)'"';
                depth += b is (byte)'{' or (byte)'[' ? 1 : b is (byte)'}' or (byte)']' ? -1 : 0;
            }
        }

        return new JsonBalance(depth, inString, escaped, Begun || text.Length > 0);
    }
}
