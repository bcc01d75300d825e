using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions;
using Xunit;

namespace Actors.RunnerApi.Tests.Sessions;

public sealed class StderrTailTests
{
    [Fact]
    public void Secret_CutByTheRing_IsNeverShownInPart()
    {
        const string Secret = "SECRETSECRETSECRET";
        for (var offset = 0; offset < 80; offset++)
        {
            var tail = new StderrTail(new SecretScrubber([Secret]));
            tail.Append(Encoding.UTF8.GetBytes(Secret + new string('.', (64 * 1024) + offset)));
            Assert.DoesNotContain("SECRET", tail.Read(), StringComparison.Ordinal);
            Assert.DoesNotContain("ECRET", tail.Read(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Text_InPieces_KeepsTheLast64KiB()
    {
        var tail = new StderrTail(SecretScrubber.None);
        var all = new StringBuilder();
        for (var i = 0; i < 30_000; i++)
        {
            var line = $"line {i}\n";
            all.Append(line);
            tail.Append(Encoding.UTF8.GetBytes(line));
        }

        Assert.Equal(all.ToString()[^(64 * 1024)..], tail.Read());
        Assert.EndsWith("line 29999\n", tail.ReadTail(), StringComparison.Ordinal);
        Assert.StartsWith("line ", tail.ReadTail(), StringComparison.Ordinal);
        Assert.InRange(tail.ReadTail().Length, 8000, 8192);
    }
}
