using System.Text;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions;

/// <summary>Keeps the last 64 KiB of stderr and gives it with secrets replaced.</summary>
internal sealed class StderrTail(SecretScrubber scrubber)
{
    private const int Kept = 64 * 1024;
    private const int TailChars = 8 * 1024;

    // Room for one secret before the window, so that a value cut by the ring's edge is never shown in part.
    private readonly byte[] _ring = new byte[Kept + scrubber.LongestForm];
    private readonly Lock _gate = new();
    private int _next;
    private bool _wrapped;

    /// <summary>Adds bytes; older ones fall out.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (bytes.Length > _ring.Length)
            {
                bytes = bytes[^_ring.Length..];
                _wrapped = true;
            }

            var first = Math.Min(bytes.Length, _ring.Length - _next);
            bytes[..first].CopyTo(_ring.AsSpan(_next));
            bytes[first..].CopyTo(_ring);
            _wrapped |= _next + bytes.Length >= _ring.Length;
            _next = (_next + bytes.Length) % _ring.Length;
        }
    }

    /// <summary>What is kept, as text.</summary>
    public string Read()
    {
        string text;
        bool wrapped;
        lock (_gate)
        {
            wrapped = _wrapped;
            text = wrapped
                ? Encoding.UTF8.GetString([.. _ring.AsSpan(_next), .. _ring.AsSpan(0, _next)])
                : Encoding.UTF8.GetString(_ring, 0, _next);
        }

        text = scrubber.Scrub(text);
        return wrapped ? text[Math.Min(scrubber.LongestForm, text.Length)..] : text;
    }

    /// <summary>The last 8 KiB, from the start of a line when there is one.</summary>
    public string ReadTail()
    {
        var text = Read();
        if (text.Length <= TailChars)
        {
            return text;
        }

        var tail = text[^TailChars..];
        var line = tail.IndexOf('\n', StringComparison.Ordinal);
        return line >= 0 && line < tail.Length - 1 ? tail[(line + 1)..] : tail;
    }
}
