using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>One output of a container, read from the file that conmon writes: lines of <c>time stdout|stderr P|F bytes</c>, P without the line's end.
/// The file is read directly because a following <c>podman logs</c> can take a line that is half written for a broken one and stop before the end.</summary>
internal sealed class ContainerLog : StdioStream
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly ContainerView _view;
    private readonly byte[] _tag;
    private readonly Task _live;
    private readonly TimeProvider _time;
    private readonly FileStream _file;

    // conmon's lines hold at most 8 KiB and a prefix, so one always fits.
    private readonly byte[] _buffer = new byte[128 * 1024];
    private int _start;
    private int _end;
    private ReadOnlyMemory<byte> _pending;

    /// <summary>Opens the log at its first byte.</summary>
    /// <param name="view">The container, started.</param>
    /// <param name="stderr">Which output.</param>
    /// <param name="live">Completes when nothing more will be written, or when the connection broke; the stream ends after the last whole line then.</param>
    /// <param name="time">Clock of the wait for more.</param>
    /// <exception cref="SandboxException"><see cref="SandboxFault.OutputLost"/>: the file cannot be read.</exception>
    internal ContainerLog(ContainerView view, bool stderr, Task live, TimeProvider time)
    {
        _view = view;
        _tag = stderr ? "stderr"u8.ToArray() : "stdout"u8.ToArray();
        _live = live;
        _time = time;
        try
        {
            _file = new FileStream(view.LogPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, useAsync: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new SandboxException(SandboxFault.OutputLost, $"The log of sandbox '{view.Status.Id}' cannot be read ({e.Message}); run the runner as the engine's user.", e);
        }
    }

    public override bool CanRead => true;

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var copied = 0;
        while (copied == 0 && buffer.Length > 0)
        {
            copied = CopyLines(buffer.Span);

            // Asked before the file is read: whatever was written before the end is read after it.
            var ended = _live.IsCompleted;
            if (copied == 0 && !await FillAsync(cancellationToken))
            {
                if (_view.IsLogFull)
                {
                    throw _view.LogFull();
                }

                if (ended)
                {
                    return 0;
                }

                await Task.WhenAny(_live, Task.Delay(Poll, _time, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return copied;
    }

    protected override void Dispose(bool disposing)
    {
        _file.Dispose();
        base.Dispose(disposing);
    }

    private int CopyLines(Span<byte> target)
    {
        var copied = 0;
        while (copied < target.Length && (_pending.Length > 0 || NextLine()))
        {
            var count = Math.Min(_pending.Length, target.Length - copied);
            _pending.Span[..count].CopyTo(target[copied..]);
            _pending = _pending[count..];
            copied += count;
        }

        return copied;
    }

    // False when no whole line is in the buffer.
    private bool NextLine()
    {
        while (_buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n') is var length and >= 0)
        {
            var line = _buffer.AsMemory(_start, length + 1);
            _start += length + 1;
            var tagAt = line.Span.IndexOf((byte)' ') + 1;
            var contentAt = tagAt + _tag.Length + 3;
            if (tagAt == 0 || contentAt > length || line.Span[contentAt - 1] != ' ' || line.Span[contentAt - 2] is not ((byte)'P' or (byte)'F'))
            {
                throw new SandboxException(SandboxFault.OutputLost, $"The log of sandbox '{_view.Status.Id}' has a line of another form; stop the sandbox.");
            }

            if (line.Span.Slice(tagAt, _tag.Length).SequenceEqual(_tag))
            {
                _pending = line.Span[contentAt - 2] == 'F' ? line[contentAt..] : line[contentAt..^1];
                return true;
            }
        }

        return false;
    }

    private async Task<bool> FillAsync(CancellationToken cancellationToken)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            throw new SandboxException(SandboxFault.OutputLost, $"The log of sandbox '{_view.Status.Id}' has a line over {_buffer.Length} bytes; stop the sandbox.");
        }

        try
        {
            var read = await _file.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _end += read;
            return read > 0;
        }
        catch (ObjectDisposedException)
        {
            // The connection was closed under the reader.
            return false;
        }
    }
}
