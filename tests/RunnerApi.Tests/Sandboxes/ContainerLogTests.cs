using System.Text;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

public sealed class ContainerLogTests : IDisposable
{
    private const string Time = "2030-01-02T03:04:05.000000000+00:00 ";

    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task ReadAsync_BothStreamsAndParts_AreJoinedByteForByte()
    {
        await File.WriteAllTextAsync(_path, $"{Time}stdout P ab\n{Time}stderr F err\n{Time}stdout F c \n{Time}stdout F \n{Time}stdout P tail\n");

        Assert.Equal("abc \n\ntail", await new StreamReader(Open(stderr: false)).ReadToEndAsync());
        Assert.Equal("err\n", await new StreamReader(Open(stderr: true)).ReadToEndAsync());
    }

    [Fact]
    public async Task ReadAsync_LineHalfWritten_WaitsForItsEnd()
    {
        await File.WriteAllTextAsync(_path, $"{Time}stdout F on");
        var end = new TaskCompletionSource();
        using var log = Open(stderr: false, end.Task);

        var reading = new StreamReader(log).ReadToEndAsync();
        await File.AppendAllTextAsync(_path, "e\n" + Time + "std");
        await File.AppendAllTextAsync(_path, "out F two\n");
        Assert.False(reading.IsCompleted);
        end.SetResult();
        Assert.Equal("one\ntwo\n", await reading);
    }

    [Theory]
    [InlineData("no log line\n")]
    [InlineData(Time + "stdout X data\n")]
    [InlineData(Time + "stdout\n")]
    [InlineData("\n")]
    public async Task ReadAsync_OtherForm_IsOutputLost(string line)
    {
        await File.WriteAllTextAsync(_path, line);
        var e = await Assert.ThrowsAsync<SandboxException>(() => new StreamReader(Open(stderr: false)).ReadToEndAsync());
        Assert.Equal(SandboxFault.OutputLost, e.Fault);
    }

    [Fact]
    public async Task ReadAsync_EndlessLine_IsOutputLost()
    {
        await File.WriteAllTextAsync(_path, Time + "stdout P " + new string('x', 200_000), Encoding.UTF8);
        var e = await Assert.ThrowsAsync<SandboxException>(() => new StreamReader(Open(stderr: false)).ReadToEndAsync());
        Assert.Equal(SandboxFault.OutputLost, e.Fault);
    }

    [Fact]
    public void Constructor_FileMissing_IsOutputLost() =>
        Assert.Equal(SandboxFault.OutputLost, Assert.Throws<SandboxException>(() => Open(View("/no/such/log"), stderr: false, Task.CompletedTask)).Fault);

    private ContainerLog Open(bool stderr, Task? live = null) => Open(View(_path), stderr, live ?? Task.CompletedTask);

    private static ContainerLog Open(ContainerView view, bool stderr, Task live) => new(view, stderr, live, TimeProvider.System);

    private static ContainerView View(string path)
    {
        var now = DateTimeOffset.UnixEpoch;
        return new ContainerView(new SandboxStatus("x", "actors-x", SandboxState.Running, null, false, "runc", now, now), "default", path, 1L << 30);
    }
}
