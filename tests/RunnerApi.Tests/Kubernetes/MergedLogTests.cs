using System.Net;
using System.Text;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Tests.Kubernetes;

public sealed class MergedLogTests
{
    private const int Piece = 16 * 1024;
    private const int Longest = 1024 * 1024;

    [Theory]
    [InlineData("")]
    [InlineData("plain\n\n{\"a\":1}\nno end")]
    [InlineData("{\"half\":")]
    public async Task ReadAsync_ShortLines_PassAsTheyAre(string text) => Assert.Equal(text, await ReadAsync(text));

    [Theory]
    [InlineData(Piece - 1)]
    [InlineData(Piece)]
    [InlineData(Piece + 1)]
    [InlineData(5 * Piece)]
    [InlineData(1_000_000)]
    public async Task ReadAsync_LongLines_PassAsTheyAre(int length)
    {
        var text = new string('x', length) + "\n" + Json(length) + "\nend\n";
        Assert.Equal(text, await ReadAsync(text));
    }

    [Fact]
    public async Task ReadAsync_StderrBetweenThePieces_IsGivenBeforeTheWholeAnswer()
    {
        var answer = Json((3 * Piece) + 100);
        var log = answer[..Piece] + "warning: slow \"}\n" + answer[Piece..(2 * Piece)] + answer[(2 * Piece)..(3 * Piece)] + "two\n" + "{\"level\":30}\n" + answer[(3 * Piece)..] + "\nnext\n";

        Assert.Equal("warning: slow \"}\ntwo\n{\"level\":30}\n" + answer + "\nnext\n", await ReadAsync(log));
    }

    [Fact]
    public async Task ReadAsync_AnyCutOfTheLog_GivesTheSameBytes()
    {
        var answer = Json((2 * Piece) + 7);
        var log = "start\n" + answer[..Piece] + "noise\n" + answer[Piece..] + "\n";
        foreach (var chunk in new[] { 1, 7, 1000, Piece - 1, Piece, Piece + 1, 100_000 })
        {
            Assert.Equal("start\nnoise\n" + answer + "\n", await ReadAsync(log, chunk));
        }
    }

    [Fact]
    public async Task ReadAsync_ConnectionThatBreaksMidLine_GivesNoPartOfIt()
    {
        var answer = Json(3 * Piece);

        Assert.Equal("first\n", await ReadAsync("first\n" + answer[..(2 * Piece)], hasEnded: false));
    }

    [Fact]
    public async Task ReadAsync_AnswerThatIsNeverCompleted_DoesNotHoldBackTheNext()
    {
        var (broken, whole) = (Json(3 * Piece), Json(2 * Piece));
        var read = await ReadAsync(broken[..(2 * Piece)] + whole + "\nlast\n");

        Assert.EndsWith("\n" + whole + "\nlast\n", read, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_LineThatIsTooLongForTheReader_IsNotHeld()
    {
        var text = Json(10_000_000) + "\nnext\n";
        var source = new Chunks(Encoding.UTF8.GetBytes(text), 4096);
        var merged = Merged(source);

        Assert.Equal(1, await merged.ReadAsync(new byte[1]));
        Assert.InRange(source.Position, Longest, Longest + (2 * Piece));
        Assert.Equal(text[1..], await new StreamReader(merged).ReadToEndAsync());
    }

    [Fact]
    public async Task ReadAsync_OverTheBudget_IsOutputLost()
    {
        var log = new PodLog(_ => Task.FromResult(Answer(new MemoryStream(new byte[5000]))), new LogBudget("x", 4000));
        var e = await Assert.ThrowsAsync<SandboxException>(() => log.CopyToAsync(Stream.Null));

        Assert.Equal(SandboxFault.OutputLost, e.Fault);
    }

    private static string Json(int length)
    {
        const string Head = "{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"result\":{\"text\":\"";
        return Head + new string('y', length - Head.Length - 3) + "\"}}";
    }

    private static async Task<string> ReadAsync(string text, int chunk = 4096, bool hasEnded = true)
    {
        var merged = Merged(new Chunks(Encoding.UTF8.GetBytes(text), chunk), hasEnded);
        return await new StreamReader(merged).ReadToEndAsync();
    }

    private static MergedLog Merged(Stream source, bool hasEnded = true) =>
        new(new PodLog(_ => Task.FromResult(Answer(source)), new LogBudget("x", long.MaxValue)), Longest, _ => Task.FromResult(hasEnded));

    private static HttpResponseMessage Answer(Stream body) => new(HttpStatusCode.OK) { Content = new StreamContent(body) };

    private sealed class Chunks(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
