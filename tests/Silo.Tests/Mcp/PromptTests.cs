using Actors.Silo.Tests.Support;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Prompts and completion.</summary>
public sealed class PromptTests
{
    [Theory]
    [InlineData(McpClients.Sessions)]
    [InlineData(McpClients.Modern)]
    public async Task Prompts_AreTheWorkflows_WithTheirParamsAsArguments(string version)
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(version);
        var prompts = await client.ListPromptsAsync();

        Assert.Equal(["ask", "await", "hang", "large", "repeatable", "three", "waits"], prompts.Select(p => p.Name));
        Assert.All(prompts, p => Assert.NotEmpty(p.Description!));
        Assert.Equal([("topic", true), ("level", false), ("count", false)], prompts[0].ProtocolPrompt.Arguments!.Select(a => (a.Name, a.Required == true)));
    }

    [Fact]
    public async Task Get_WithArguments_SaysTheCallThatFits()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var prompt = await client.GetPromptAsync("ask", new Dictionary<string, object?>(StringComparer.Ordinal) { ["topic"] = "12", ["count"] = "3", ["level"] = "low" });
        var text = Assert.IsType<TextContentBlock>(Assert.Single(prompt.Messages).Content).Text;

        Assert.Contains("""run_workflow with {"workflow_id":"ask","params":{"topic":"12","count":3,"level":"low"}}""", text, StringComparison.Ordinal);
        Assert.Contains("approve_run", text, StringComparison.Ordinal);
        Assert.DoesNotContain("signal_run", text.Split("run_workflow with")[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", "topic", "tea")]
    [InlineData("ask", "count", "three")]
    [InlineData("ask", "topik", "tea")]
    public async Task Get_WhatDoesNotFit_IsRefused(string prompt, string argument, string value)
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern);

        var fault = await Assert.ThrowsAsync<McpProtocolException>(async () => await client.GetPromptAsync(prompt, new Dictionary<string, object?>(StringComparer.Ordinal) { [argument] = value }));
        Assert.Equal(McpErrorCode.InvalidParams, fault.ErrorCode);
    }

    [Fact]
    public async Task Complete_IdsAndValues_AreThoseThatBeginSo()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var run = await client.StartAsync("three", new { ms = 0 });
        await client.OutcomeAsync(run);
        var other = await client.StartAsync("await", new { });

        Assert.Equal(["ask", "await"], await ValuesAsync(client, "workflow://{workflow_id}", "workflow_id", "a"));
        Assert.Equal([other, run], await ValuesAsync(client, "run://{run_id}", "run_id", "run-"));
        Assert.Equal([run], await ValuesAsync(client, "run://{run_id}/trace{?after}", "run_id", run));
        Assert.Equal(["steps/a.json", "steps/b.json", "steps/c.json"], await ValuesAsync(client, "run://{run_id}/artifacts/{+name}", "name", "st", run));
        Assert.Empty(await ValuesAsync(client, "run://{run_id}/artifacts/{+name}", "name", "st", "run-00000000000000000000000000"));
        Assert.Empty(await ValuesAsync(client, "file://{path}", "path", ""));
        Assert.Equal(["low"], (await client.CompleteAsync(new PromptReference { Name = "ask" }, "level", "l")).Completion.Values);
    }

    private static async Task<IList<string>> ValuesAsync(McpClient client, string template, string argument, string value, string? run = null) => (await client.CompleteAsync(new CompleteRequestParams
    {
        Ref = new ResourceTemplateReference { Uri = template },
        Argument = new Argument { Name = argument, Value = value },
        Context = run is null ? null : new CompleteContext { Arguments = new Dictionary<string, string>(StringComparer.Ordinal) { ["run_id"] = run } },
    })).Completion.Values;
}
