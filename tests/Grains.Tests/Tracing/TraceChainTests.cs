using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Tests.Tracing;

public sealed class TraceChainTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    [Fact]
    public void Hash_KnownEntry_IsTheDocumentedDigest()
    {
        // printf '%s' '{"at":"2026-01-02T03:04:05.678Z","data":{"a":1.50,"b":["x"]},"kind":"k","prev":"<64 zeros>","run":"run-1","seq":1}' | sha256sum
        const string canonical = """{"at":"2026-01-02T03:04:05.678Z","data":{"a":1.50,"b":["x"]},"kind":"k","prev":"0000000000000000000000000000000000000000000000000000000000000000","run":"run-1","seq":1}""";
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(canonical)));

        var hash = TraceChain.Hash("run-1", 1, Now, "k", JsonElement.Parse("""{ "b": ["x"], "a": 1.50 }"""), TraceChain.Genesis);

        Assert.Equal(expected, hash);
    }

    [Fact]
    public void Verify_UntouchedChain_Holds() => Assert.Null(TraceChain.Verify("run-1", Chain(5)));

    [Fact]
    public void Verify_ChangedData_NamesTheEntry()
    {
        var entries = Chain(5);
        entries[2] = entries[2] with { Data = JsonElement.Parse("""{"n":99}""") };

        Assert.Contains("entry 3 was changed", TraceChain.Verify("run-1", entries), StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_RemovedEntry_NamesTheGap()
    {
        var entries = Chain(5);
        entries.RemoveAt(1);

        Assert.Contains("entry 2 is missing", TraceChain.Verify("run-1", entries), StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_RehashedEntry_BreaksTheNextLink()
    {
        var entries = Chain(3);
        var data = JsonElement.Parse("""{"n":99}""");
        entries[0] = entries[0] with { Data = data, Hash = TraceChain.Hash("run-1", 1, Now, "k", data, TraceChain.Genesis) };

        Assert.Contains("entry 2 does not follow", TraceChain.Verify("run-1", entries), StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_Strings_AreEscapedByRfc8785()
    {
        // U+0378 is unassigned, U+2028 a line separator, the last one beyond the BMP: all stay as they are.
        const string canonical = "{\"at\":\"2026-01-02T03:04:05.678Z\",\"data\":{\"t\":\"\\\"\\\\\\b\\t\\n\\f\\r\\u0001\u007f\u00a0\u0378\u2028\ud83d\ude00/\"},\"kind\":\"k\",\"prev\":\"p\",\"run\":\"r\",\"seq\":1}";
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(canonical)));
        var data = JsonSerializer.SerializeToElement(new { t = "\"\\\b\t\n\f\r\u0001\u007f\u00a0\u0378\u2028\ud83d\ude00/" });

        Assert.Equal(expected, TraceChain.Hash("r", 1, Now, "k", data, "p"));
    }

    [Theory]
    [InlineData(5, 5, false, true)]
    [InlineData(5, 4, false, false)]
    [InlineData(5, 0, false, false)]
    [InlineData(5, 5, true, false)]
    public void Verify_WholeTrace_NoticesACutEnd(int written, int kept, bool isSealed, bool holds)
    {
        var trace = new TracePage("run-1", [.. Chain(written).Take(kept)], written, isSealed);

        Assert.Equal(holds, TraceChain.Verify(trace) is null);
    }

    [Fact]
    public void Verify_AnotherRunsTrace_Fails() => Assert.NotNull(TraceChain.Verify("run-2", Chain(2)));

    private static List<TraceEntry> Chain(int count)
    {
        var entries = new List<TraceEntry>();
        var prev = TraceChain.Genesis;
        for (var seq = 1; seq <= count; seq++)
        {
            var data = JsonElement.Parse($$"""{"n":{{seq}}}""");
            var hash = TraceChain.Hash("run-1", seq, Now, "k", data, prev);
            entries.Add(new TraceEntry(seq, Now, "k", data, prev, hash));
            prev = hash;
        }

        return entries;
    }
}
