using System.IO.Pipelines;
using System.Text;
using Actors.RunnerApi.Podman;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public sealed class OutputFramesTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4096)]
    public async Task Read_FramesInPiecesOfAnySize_AreTakenApartByteForByte(int piece)
    {
        byte[] sent = [.. Frame(1, "one\n"), .. Frame(2, "err\n"), .. Frame(1, ""), .. Frame(1, "tw"), .. Frame(1, "o\n")];
        var pipe = new Pipe();
        var frames = new OutputFrames(pipe.Reader.AsStream());
        foreach (var part in sent.Chunk(piece))
        {
            await pipe.Writer.WriteAsync(part);
        }

        await pipe.Writer.CompleteAsync();
        Assert.Equal("one\ntwo\n", await new StreamReader(frames.Stdout).ReadToEndAsync());
        Assert.Equal("err\n", await new StreamReader(frames.Stderr).ReadToEndAsync());
        await frames.Ended;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(255)]
    public async Task Read_FrameOfAnotherOutput_EndsBoth(byte output)
    {
        var frames = new OutputFrames(new MemoryStream([.. Frame(1, "kept\n"), .. Frame(output, "x"), .. Frame(1, "lost\n")]));

        Assert.Equal("kept\n", await new StreamReader(frames.Stdout).ReadToEndAsync());
        Assert.Equal("", await new StreamReader(frames.Stderr).ReadToEndAsync());
        await frames.Ended;
    }

    [Fact]
    public async Task Read_ConnectionThatBreaksInAFrame_GivesWhatCame()
    {
        var frames = new OutputFrames(new MemoryStream(Frame(1, "half a line")[..12]));

        Assert.Equal("half", await new StreamReader(frames.Stdout).ReadToEndAsync());
        await frames.Ended;
    }

    [Fact]
    public async Task EndAsync_WhileNobodyReads_EndsAndGivesWhatCame()
    {
        var source = new MemoryStream(Frame(1, new string('x', 1024 * 1024)));
        var frames = new OutputFrames(source);
        Assert.Equal(1, await frames.Stdout.ReadAsync(new byte[1]));
        await source.DisposeAsync();

        await frames.EndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.InRange((await new StreamReader(frames.Stdout).ReadToEndAsync()).Length, 1, 512 * 1024);
        Assert.Equal(0, await frames.Stderr.ReadAsync(new byte[1]));
    }

    [Fact]
    public async Task Read_Slowly_HoldsTheSenderBack()
    {
        var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 1024, resumeWriterThreshold: 512));
        var frames = new OutputFrames(pipe.Reader.AsStream());
        var writing = Task.Run(async () =>
        {
            await pipe.Writer.WriteAsync(Frame(1, new string('x', 4 * 1024 * 1024)));
            await pipe.Writer.CompleteAsync();
        });

        var first = await frames.Stdout.ReadAsync(new byte[1]);
        Assert.Equal(1, first);
        Assert.False(writing.IsCompleted);
        Assert.Equal((4 * 1024 * 1024) - 1, (await new StreamReader(frames.Stdout).ReadToEndAsync()).Length);
        await writing;
    }

    private static byte[] Frame(byte output, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [output, 0, 0, 0, (byte)(bytes.Length >> 24), (byte)(bytes.Length >> 16), (byte)(bytes.Length >> 8), (byte)bytes.Length, .. bytes];
    }
}
