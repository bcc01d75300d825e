using System.Buffers.Binary;
using System.IO.Pipelines;

namespace Actors.RunnerApi.Podman;

/// <summary>Takes apart what an engine sends of a container's outputs: frames of a header (1 byte: 1 is stdout, 2 is stderr; 3 bytes of 0; 4 bytes of length, big endian) and so many bytes.
/// Both outputs must be read, since they share a connection.</summary>
internal sealed class OutputFrames
{
    private const int HeaderBytes = 8;
    private static readonly PipeOptions s_bounded = new(pauseWriterThreshold: 256 * 1024, resumeWriterThreshold: 128 * 1024, useSynchronizationContext: false);

    private readonly Pipe _stdout = new(s_bounded);
    private readonly Pipe _stderr = new(s_bounded);
    private readonly Task _copying;

    /// <param name="source">Read until its end; its owner disposes it.</param>
    internal OutputFrames(Stream source)
    {
        Stdout = _stdout.Reader.AsStream(leaveOpen: true);
        Stderr = _stderr.Reader.AsStream(leaveOpen: true);
        _copying = Task.Run(() => CopyAsync(source));
    }

    internal Stream Stdout { get; }

    internal Stream Stderr { get; }

    /// <summary>Completes, never with an error, when the source has ended or broke; the outputs end with it.</summary>
    internal Task Ended => _copying;

    /// <summary>Ends the outputs of a source that was closed, also when they wait for a reader. What came before can still be read.</summary>
    internal Task EndAsync()
    {
        _stdout.Writer.CancelPendingFlush();
        _stderr.Writer.CancelPendingFlush();
        return _copying;
    }

    private async Task CopyAsync(Stream source)
    {
        var header = new byte[HeaderBytes];
        try
        {
            while (await source.ReadAtLeastAsync(header, HeaderBytes, throwOnEndOfStream: false) == HeaderBytes)
            {
                var target = header[0] switch
                {
                    1 => _stdout.Writer,
                    2 => _stderr.Writer,
                    var other => throw new InvalidDataException($"output {other}"),
                };
                await CopyAsync(source, target, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)));
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever reads sees an end, asks what became of the container, and attaches again.
        }

        await _stdout.Writer.CompleteAsync();
        await _stderr.Writer.CompleteAsync();
    }

    private static async Task CopyAsync(Stream source, PipeWriter target, long left)
    {
        while (left > 0)
        {
            var memory = target.GetMemory();
            var read = await source.ReadAsync(memory[..(int)Math.Min(memory.Length, left)]);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            left -= read;
            target.Advance(read);
            await target.FlushAsync();
        }
    }
}
