using Actors.Silo.Mcp.Hosting;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Xunit.Abstractions;

namespace Actors.Silo.Tests.Hosting;

/// <summary>Tests that look at the process's memory run alone.</summary>
[CollectionDefinition(nameof(MemoryTests), DisableParallelization = true)]
public sealed class MemoryTests;

/// <summary>What sessions cost that nobody uses.</summary>
[Collection(nameof(MemoryTests))]
public sealed class IdleSessionsTests(ITestOutputHelper output)
{
    // The second one at the default cap: that many sessions stay at hand.
    [Theory]
    [InlineData(50, 10_000, 20)]
    [InlineData(2000, 4000, 100)]
    public async Task IdleSessions_AnyNumber_StayCheapAndUsable(int cap, int sessions, int mostMiB)
    {
        await using var silo = await SiloHost.StartAsync(cap == 2000 ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["MaxSessions"] = $"{cap}" });
        using var http = silo.CreateClient();
        var first = await http.InitializeAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < sessions; i++)
        {
            await http.InitializeAsync();
        }

        var grown = (GC.GetTotalMemory(forceFullCollection: true) - before) / 1024;
        var count = silo.Services.GetRequiredService<McpSessions>().Count;
        output.WriteLine($"{count} sessions at hand of {sessions}, {grown} KiB more");
        using var response = await http.PostAsync(McpWire.Request("tools/list"), first);

        Assert.InRange(count, cap * 8 / 10, cap);
        Assert.True(grown < mostMiB * 1024, $"{grown} KiB more");
        Assert.Equal(0, await response.CodeAsync());
    }
}
