using System.Text.Json.Nodes;
using System.Threading.Channels;
using Actors.Silo.Mcp;
using Actors.Silo.Mcp.Subscriptions;
using Actors.Silo.Tests.Support;
using Actors.Testing;
using Microsoft.Extensions.DependencyInjection;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Mcp;

/// <summary>Notifications of changed resources.</summary>
public sealed class SubscriptionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Subscribe_RunThatChanges_TellsItsUri()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var run = await client.StartAsync("ask", new { topic = "tea" });
        await client.WaitingAsync(run);
        var updates = Channel.CreateUnbounded<string>();
        await using var subscription = await client.SubscribeToResourceAsync($"run://{run}/trace", (update, _) => updates.Writer.WriteAsync(update.Uri, CancellationToken.None), cancellationToken: CancellationToken.None);
        await client.ToolAsync("approve_run", new { run_id = run, step = "sure", decision = "approve" });

        Assert.Equal($"run://{run}/trace", await updates.Reader.ReadAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task Subscribe_WhatCannotBeRead_IsUnknown()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);

        var fault = await Assert.ThrowsAsync<McpProtocolException>(() => client.SubscribeToResourceAsync("run://run-00000000000000000000000000"));
        Assert.Equal(McpErrorCode.ResourceNotFound, fault.ErrorCode);
        await client.SubscribeToResourceAsync("workflow://ask");
    }

    [Fact]
    public async Task Subscribe_MoreThanASessionMay_IsRefused()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Sessions);
        var run = await client.StartAsync("ask", new { topic = "tea" });
        for (var i = 0; i < SubscriptionsFeature.MostPerSession; i++)
        {
            await client.SubscribeToResourceAsync($"run://{run}/trace?after={i}");
        }

        await client.SubscribeToResourceAsync($"run://{run}/trace?after=0");
        await Assert.ThrowsAsync<McpProtocolException>(() => client.SubscribeToResourceAsync($"run://{run}"));
        await client.UnsubscribeFromResourceAsync($"run://{run}/trace?after=0");
        await client.SubscribeToResourceAsync($"run://{run}");
    }

    [Fact]
    public async Task Session_ThatEnds_LeavesNothingBehind()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        var feature = silo.Services.GetServices<IMcpFeature>().OfType<SubscriptionsFeature>().Single();
        var client = await silo.ConnectAsync(McpClients.Sessions);
        var run = await client.StartAsync("ask", new { topic = "tea" });
        await client.SubscribeToResourceAsync($"run://{run}");
        var during = feature.Sessions;
        await client.DisposeAsync();

        Assert.Equal((1, 0), (during, feature.Sessions));
    }

    [Fact]
    public async Task Listen_MixedWishes_AreAcknowledgedAsFarAsTheyCanBeMet()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        await using var client = await silo.ConnectAsync(McpClients.Modern, TaskCalls.Capabilities);
        var run = await client.StartTaskAsync("ask", new { topic = "tea" });
        using var stream = await silo.ListenAsync(new { resourceSubscriptions = new[] { $"run://{run}", "run://nobody", "workflow://ask" }, taskIds = new[] { run, "run-00000000000000000000000000" } });
        var acknowledged = await stream.ReadAsync();

        Assert.Equal("notifications/subscriptions/acknowledged", acknowledged["method"]!.GetValue<string>());
        Assert.Equal($$"""{"resourceSubscriptions":["run://{{run}}"],"taskIds":["{{run}}"]}""", acknowledged["params"]!["notifications"]!.ToJsonString());
        Assert.Equal("7", acknowledged["params"]!["_meta"]!["io.modelcontextprotocol/subscriptionId"]!.ToJsonString());

        await client.TaskAsync("tasks/cancel", run);
        var seen = new List<JsonNode>();
        while (!seen.Any(m => m["params"]!["status"]?.GetValue<string>() == "cancelled"))
        {
            seen.Add(await stream.ReadAsync());
        }

        Assert.Contains(seen, m => m["method"]!.GetValue<string>() == NotificationMethods.ResourceUpdatedNotification && m["params"]!["uri"]!.GetValue<string>() == $"run://{run}");
        Assert.All(seen, m => Assert.Equal("7", m["params"]!["_meta"]!["io.modelcontextprotocol/subscriptionId"]!.ToJsonString()));
    }

    [Fact]
    public async Task Listen_MoreThanAStreamMay_IsRefused()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        using var stream = await silo.ListenAsync(new { resourceSubscriptions = Enumerable.Range(0, ListenHandler.MostSubscriptions + 1).Select(i => $"run://{i}") });

        Assert.Equal((int)McpErrorCode.InvalidParams, (await stream.ReadAsync())["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public async Task Subscribe_WithoutASession_IsRefusedAndBeginsNone()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        using var http = silo.CreateClient();
        await using var client = await silo.ConnectAsync(McpClients.Modern);
        var run = await client.StartAsync("ask", new { topic = "tea" });
        var sessions = silo.Services.GetServices<IMcpFeature>().OfType<SubscriptionsFeature>().Single().Sessions;
        using var initialized = await http.PostMcpAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        using var answer = await http.PostMcpAsync("""{"jsonrpc":"2.0","id":1,"method":"resources/subscribe","params":{"uri":"run://ID"}}""".Replace("ID", run, StringComparison.Ordinal));

        Assert.Contains("Subscriptions need a session", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(sessions, silo.Services.GetServices<IMcpFeature>().OfType<SubscriptionsFeature>().Single().Sessions);
    }

    [Fact]
    public void Enter_MoreThanACallerMay_IsRefusedUntilPlacesAreGivenBack()
    {
        var limits = new WatchLimits(TimeProvider.System);
        var most = limits.Enter("ann", WatchLimits.MostPerCaller);

        Assert.Throws<McpProtocolException>(() => limits.Enter("ann", 1));
        limits.Enter("bob", 1).Dispose();
        most.Dispose();
        most.Dispose();
        limits.Enter("ann", WatchLimits.MostPerCaller);
        for (var i = 1; i < WatchLimits.Most / WatchLimits.MostPerCaller; i++)
        {
            limits.Enter($"caller {i}", WatchLimits.MostPerCaller);
        }

        Assert.Throws<McpProtocolException>(() => limits.Enter("bob", 1));
    }

    [Fact]
    public async Task Listen_ToNothing_NeedsAPlaceToo()
    {
        await using var silo = await TestWorkflows.StartSiloAsync();
        var limits = silo.Services.GetRequiredService<WatchLimits>();
        for (var i = 0; i < WatchLimits.Most / WatchLimits.MostPerCaller; i++)
        {
            limits.Enter($"caller {i}", WatchLimits.MostPerCaller);
        }

        using var stream = await silo.ListenAsync(new { });

        Assert.Equal((int)McpErrorCode.InvalidRequest, (await stream.ReadAsync())["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public void BeginTime_AfterItsTime_IsCancelled()
    {
        var time = new FakeTimeProvider();
        using var age = new WatchLimits(time).BeginTime();
        time.Advance(WatchLimits.MostTime - TimeSpan.FromSeconds(1));
        var before = age.IsCancellationRequested;
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((false, true), (before, age.IsCancellationRequested));
    }

    [Fact]
    public async Task Listen_SiloStops_EndsInGoodOrder()
    {
        var silo = await TestWorkflows.StartSiloAsync();
        using var stream = await silo.ListenAsync(new { });
        await stream.ReadAsync();
        var stopping = silo.DisposeAsync().AsTask();

        Assert.NotNull((await stream.ReadAsync())["result"]);
        await stopping.WaitAsync(Patience);
    }
}
