using System.Text;
using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public abstract partial class SandboxDriverConformance
{
    private const string NumberedEcho = "i=0; while read -r line; do i=$((i+1)); echo \"$i $line\"; done";

    [Fact]
    public async Task AttachAsync_OfServerThatEchoes_AnswersEachLine()
    {
        var id = await CreateAsync(NumberedEcho);
        await using var connection = await Driver.AttachAsync(id, Token);
        var lines = Lines(connection.Stdout);

        await SendAsync(connection, "one");
        Assert.Equal("1 one", await lines.NextAsync());
        await SendAsync(connection, "two");
        Assert.Equal("2 two", await lines.NextAsync());
    }

    [Fact]
    public async Task AttachAsync_OfServerThatWritesAtOnce_MissesNothingAndKeepsStderrApart()
    {
        var ended = await RunAsync(Spec("echo out1; echo err1 >&2; echo out2; echo err2 >&2"));

        Assert.Equal("out1\nout2\n", ended.StderrInStdout ? string.Join('\n', Without(ended.Stdout, "err1", "err2")) + "\n" : ended.Stdout);
        Assert.Equal("err1\nerr2\n", ended.StderrInStdout ? string.Join('\n', Without(ended.Stdout, "out1", "out2")) + "\n" : ended.Stderr);
        Assert.Equal(0, ended.Status.ExitCode);
    }

    [Theory]
    [InlineData(1_000_000)]
    [InlineData(10_000_000)]
    public async Task AttachAsync_LongLine_ComesBackIntactLiveAndReplayed(int length)
    {
        var id = await CreateAsync("cat");
        var line = string.Concat(Enumerable.Repeat("0123456789abcdefg", (length / 17) + 1))[..length];
        await using (var connection = await Driver.AttachAsync(id, Token))
        {
            var answer = Lines(connection.Stdout).NextAsync();
            await SendAsync(connection, line);
            Assert.True(line == await answer, "the live line differs");
        }

        await using var replayed = await NewDriver().AttachAsync(id, Token);
        var lines = Lines(replayed.Stdout);
        Assert.True(line == await lines.NextAsync(), "the replayed line differs");
        await SendAsync(replayed, "next");
        Assert.Equal("next", await lines.NextAsync());
    }

    [Fact]
    public async Task AttachAsync_ControlBytes_AreDataAndDoNotDetach()
    {
        var id = await CreateAsync("cat");
        await using var connection = await Driver.AttachAsync(id, Token);
        await SendAsync(connection, "a\u0010\u0011\u0003\u0004\u001bb");
        Assert.Equal("a\u0010\u0011\u0003\u0004\u001bb", await Lines(connection.Stdout).NextAsync());
    }

    [Fact]
    public async Task AttachAsync_AfterRestart_ReplaysFromFirstByteAndStdinWorks()
    {
        var id = await CreateAsync("echo noise >&2; " + NumberedEcho);
        await using (var first = await Driver.AttachAsync(id, Token))
        {
            await SendAsync(first, "a");
            var lines = Lines(first.Stdout);
            await AssertNoiseAsync(first, lines);
            Assert.Equal("1 a", await lines.NextAsync());
        }

        for (var restart = 0; restart < 3; restart++)
        {
            await using var again = await NewDriver().AttachAsync(id, Token);
            var lines = Lines(again.Stdout);
            await SendAsync(again, "b");
            await AssertNoiseAsync(again, lines);
            Assert.Equal("1 a", await lines.NextAsync());
            for (var n = 0; n <= restart; n++)
            {
                Assert.Equal($"{n + 2} b", await lines.NextAsync());
            }
        }

        // The noise comes before the first answer, so where the outputs are mixed it is the first line.
        async Task AssertNoiseAsync(ISandboxConnection connection, LineReader lines) =>
            Assert.Equal("noise", await (connection.StderrInStdout ? lines : Lines(connection.Stderr)).NextAsync());
    }

    [Fact]
    public async Task AttachAsync_AfterConnectionWasKilled_ReplaysAndStdinWorks()
    {
        var id = await CreateAsync(NumberedEcho);
        await using var first = await Driver.AttachAsync(id, Token);
        var lines = Lines(first.Stdout);
        await SendAsync(first, "a");
        Assert.Equal("1 a", await lines.NextAsync());

        KillConnection(id);
        Assert.Null(await lines.NextAsync());
        Assert.Equal(SandboxState.Running, (await Driver.InspectAsync(id, Token))!.State);

        await using var second = await Driver.AttachAsync(id, Token);
        await SendAsync(second, "b");
        Assert.Equal("1 a\n2 b\n", await ReadAsync(second.Stdout, 8));
    }

    [Fact]
    public async Task AttachAsync_AnswerGivenWhileNobodyListened_IsFound()
    {
        // The answer is held back until the connection is gone: the server waits for the flag that only the next line's arrival could not set.
        var id = await CreateAsync("read -r a; echo taken >&2; sleep 1; echo \"answer $a\"; cat");
        await using (var first = await Driver.AttachAsync(id, Token))
        {
            await SendAsync(first, "question");
            Assert.Equal("taken", await Lines(first.StderrInStdout ? first.Stdout : first.Stderr).NextAsync());
        }

        await using var second = await NewDriver().AttachAsync(id, Token);
        var lines = Lines(second.Stdout);
        if (second.StderrInStdout)
        {
            Assert.Equal("taken", await lines.NextAsync());
        }

        Assert.Equal("answer question", await lines.NextAsync());
    }

    [Fact]
    public async Task AttachAsync_ClosedStdinStream_LeavesTheContainersStdinOpen()
    {
        var id = await CreateAsync("cat; echo closed");
        await using (var first = await Driver.AttachAsync(id, Token))
        {
            await first.Stdin.DisposeAsync();
        }

        await using var second = await Driver.AttachAsync(id, Token);
        await SendAsync(second, "still here");
        Assert.Equal("still here", await Lines(second.Stdout).NextAsync());
    }

    [Fact]
    public async Task AttachAsync_ContainerThatEndedMidLine_GivesThePartAndTheExitCode()
    {
        var ended = await RunAsync(Spec("printf '{\"half\":'; exit 3"));
        Assert.Equal("{\"half\":", ended.Stdout);
        Assert.Equal(3, ended.Status.ExitCode);
        Assert.False(ended.Status.OutOfMemory);
        Assert.False(ended.Status.DeadlineExceeded);

        await using var replayed = await NewDriver().AttachAsync(ended.Status.Id, Token);
        Assert.Equal("{\"half\":", await ReadAllAsync(replayed.Stdout));
        await Assert.ThrowsAsync<IOException>(() => SendAsync(replayed, "too late"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AttachAsync_ManyLinesUntilTheEnd_LosesNoneAndNoTail(bool replayed)
    {
        const int Count = 200_000;
        var id = await CreateAsync($"read -r go; echo first >&2; seq 1 {Count}; echo last >&2; sleep 1; printf end");
        var connection = await Driver.AttachAsync(id, Token);
        if (replayed)
        {
            await connection.DisposeAsync();
            connection = await NewDriver().AttachAsync(id, Token);
        }

        await using (connection)
        {
            await SendAsync(connection, "go");
            var stderr = ReadAllAsync(connection.Stderr);
            var stdout = await ReadAllAsync(connection.Stdout);
            Assert.Equal(connection.StderrInStdout ? "" : "first\nlast\n", await stderr);
            var lines = connection.StderrInStdout ? string.Join('\n', Without(stdout, "first", "last")) : stdout;
            Assert.True(string.Join('\n', Enumerable.Range(1, Count)) + "\nend" == lines, $"{stdout.Length} characters, not the sequence");
        }
    }

    private async Task<string> ReadAsync(Stream stream, int bytes)
    {
        var buffer = new byte[bytes];
        await stream.ReadExactlyAsync(buffer, Token);
        return Encoding.UTF8.GetString(buffer);
    }
}
