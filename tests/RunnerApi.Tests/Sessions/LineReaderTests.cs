using System.Text;
using Actors.RunnerApi.Sessions;
using Xunit;

namespace Actors.RunnerApi.Tests.Sessions;

public sealed class LineReaderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(4096)]
    public async Task Lines_InAnyChunks_AreTheSame(int chunk)
    {
        var text = "a\r\n\nbb\n" + new string('x', 9) + "\n" + new string('y', 30) + "\nlast";
        Assert.Equal(["a", "", "bb", "TooLong", "TooLong", "last"], await ReadAsync(text, maxLine: 8, chunk));
    }

    [Theory]
    [InlineData("12345678\n", "12345678")]
    [InlineData("123456789\n", "TooLong")]
    [InlineData("12345678", "12345678")]
    [InlineData("123456789", "TooLong")]
    public async Task Line_AtTheCap_IsWhole(string text, string expected) => Assert.Equal([expected], await ReadAsync(text, maxLine: 8, chunk: 2));

    [Fact]
    public async Task EndlessLine_CostsOneLinesCapOfMemory()
    {
        var reader = new LineReader(new Chunked(null, 64 * 1024), 64 * 1024, new OutputBudget(200_000_000));
        Assert.Equal(LineKind.TooLong, (await reader.ReadAsync(default)).Kind);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(LineKind.OverBudget, (await reader.ReadAsync(default)).Kind);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 256 * 1024);
        Assert.InRange(reader.TotalBytes, 200_000_000, 201_000_000);
    }

    private static async Task<List<string>> ReadAsync(string text, int maxLine, int chunk)
    {
        var reader = new LineReader(new Chunked(Encoding.UTF8.GetBytes(text), chunk), maxLine, new OutputBudget(long.MaxValue));
        var lines = new List<string>();
        while (await reader.ReadAsync(default) is { Kind: not LineKind.End } read)
        {
            lines.Add(read.Kind == LineKind.Line ? Encoding.UTF8.GetString(read.Bytes.Span) : read.Kind.ToString());
        }

        return lines;
    }

    /// <summary>Gives at most so many bytes per read; without bytes, <c>a</c> for ever.</summary>
    private sealed class Chunked(byte[]? bytes, int chunk) : MemoryStream(bytes ?? [])
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var part = buffer[..Math.Min(buffer.Length, chunk)];
            if (bytes is not null)
            {
                return base.ReadAsync(part, cancellationToken);
            }

            part.Span.Fill((byte)'a');
            return ValueTask.FromResult(part.Length);
        }
    }
}
