using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Silo.Tests.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Runs, traces, artifacts and workflows as resources.</summary>
public sealed class ResourceTests
{
    [Theory]
    [InlineData(McpClients.Sessions)]
    [InlineData(McpClients.Modern)]
    public async Task Read_EveryKind_SaysWhatTheToolsSay(string version)
    {
        await using var silo = await SiloHost.StartAsync(workflows: TestWorkflows.All);
        await using var client = await silo.ConnectAsync(version);
        var run = await client.DataAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 0 } });
        var id = run.GetProperty("run_id").GetString();

        Assert.Equal(run.GetRawText(), (await client.JsonAsync($"run://{id}")).GetRawText());
        Assert.Equal(run.GetProperty("output").GetRawText(), (await client.JsonAsync($"run://{id}/artifacts/output.json")).GetRawText());
        Assert.Equal($"{id}-b", (await client.JsonAsync($"run://{id}/artifacts/steps/b.json")).GetProperty("structuredContent").GetProperty("key").GetString());
        Assert.Equal("Asks before it is done.", (await client.JsonAsync("workflow://ask")).GetProperty("description").GetString());
        var trace = (await client.JsonAsync($"run://{id}/trace")).Deserialize<TracePage>(ActorsJson.Options)!;
        Assert.Null(TraceChain.Verify(trace));
        Assert.Equal(trace.Entries.Skip(3).Select(e => e.Hash), (await client.JsonAsync($"run://{id}/trace?after=3")).Deserialize<TracePage>(ActorsJson.Options)!.Entries.Select(e => e.Hash));
        Assert.Equal(
            ["output.json", "steps/a.json", "steps/b.json", "steps/c.json"],
            (await client.JsonAsync($"run://{id}/artifacts")).GetProperty("artifacts").EnumerateArray().Select(a => a.GetProperty("name").GetString()));
    }

    [Fact]
    public async Task Read_ArtifactsOfWaits_AreWhatWasAnswered()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern);
        var signalled = await client.StartAsync("await", new { });
        await client.ToolAsync("signal_run", new { run_id = signalled, name = "flat", payload = new { name = "n" } });
        await client.ToolAsync("signal_run", new { run_id = signalled, name = "deep", payload = new[] { 1, 2 } });
        await client.ToolAsync("wait_run", new { run_id = signalled });
        var approved = await client.StartAsync("ask", new { topic = "tea" });
        await client.WaitingAsync(approved);
        await client.ToolAsync("approve_run", new { run_id = approved, step = "sure", decision = "approve", note = "yes" });
        await client.ToolAsync("wait_run", new { run_id = approved });

        Assert.Equal("""{"name":"n"}""", (await client.JsonAsync($"run://{signalled}/artifacts/steps/flat.json")).GetRawText());
        Assert.Equal("[1,2]", (await client.JsonAsync($"run://{signalled}/artifacts/steps/deep.json")).GetRawText());
        Assert.Equal("yes", (await client.JsonAsync($"run://{approved}/artifacts/steps/sure.json")).GetProperty("note").GetString());
    }

    [Theory]
    [InlineData(McpClients.Sessions, McpErrorCode.ResourceNotFound)]
    [InlineData(McpClients.Modern, McpErrorCode.InvalidParams)]
    public async Task Read_WhatIsNotThere_IsTheErrorOfTheEra(string version, McpErrorCode code)
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(version);
        var id = await client.StartAsync("ask", new { topic = "tea" });
        string[] unknown =
        [
            "run://run-00000000000000000000000000", "run://x/trace", $"run://{id}/", $"run://{id}/trace?after=-1", $"run://{id}/trace?after=x", $"run://{id}/artifacts/output.json",
            $"run://{id}/artifacts/steps/sure.json", $"run://{id}/artifacts/../trace", "workflow://none", "file:///etc/passwd", "run://" + new string('x', 5000),
        ];
        foreach (var uri in unknown)
        {
            var fault = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.ReadResourceAsync(uri));
            Assert.Equal(code, fault.ErrorCode);
        }
    }

    [Fact]
    public async Task List_ManyRuns_ComesInPagesAndNamesEachOnce()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern);
        var runs = await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => client.StartAsync("await", new { })));
        var pages = new List<ListResourcesResult>();
        do
        {
            pages.Add(await client.ListResourcesAsync(new ListResourcesRequestParams { Cursor = pages.LastOrDefault()?.NextCursor }));
        }
        while (pages[^1].NextCursor is not null);

        Assert.Equal([100, 27], pages.Select(p => p.Resources.Count));
        Assert.Equal(runs.Order(StringComparer.Ordinal), pages.SelectMany(p => p.Resources).Where(r => r.Uri.StartsWith("run://", StringComparison.Ordinal)).Select(r => r.Name).Order(StringComparer.Ordinal));
        Assert.Equal(["ask", "await", "hang", "large", "repeatable", "three", "waits"], pages[0].Resources.Take(7).Select(r => r.Name));
        await Assert.ThrowsAsync<McpProtocolException>(async () => await client.ListResourcesAsync(new ListResourcesRequestParams { Cursor = "x" }));
    }

    [Fact]
    public async Task Templates_Expanded_NameResources()
    {
        await using var silo = await SiloHost.StartAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var run = (await client.DataAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 0 } })).GetProperty("run_id").GetString();
        var values = new Dictionary<string, object?>(StringComparer.Ordinal) { ["run_id"] = run, ["workflow_id"] = "three", ["name"] = "steps/a.json", ["after"] = 2 };
        var templates = await client.ListResourceTemplatesAsync();

        Assert.Equal(5, templates.Count);
        foreach (var template in templates)
        {
            Assert.Single((await client.ReadResourceAsync(template.UriTemplate, values)).Contents);
        }
    }
}
