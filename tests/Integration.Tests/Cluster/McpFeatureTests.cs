using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Integration.Tests.Cluster;

/// <summary>What any silo must serve of any other's runs, asked for by the SDK's client.</summary>
[Collection(ThreeSilos.Name)]
public sealed class McpFeatureTests(ThreeSilos silos) : IClassFixture<ThreeSilos>
{
    [Fact]
    public async Task Task_MadeAtOneSilo_IsServedCancelledAndTracedByOthers()
    {
        await using var one = await ConnectAsync(silos.Cluster.Silos[0]);
        await using var two = await ConnectAsync(silos.Cluster.Silos[1]);
        await using var three = await ConnectAsync(silos.Cluster.Silos[2]);
        var arguments = new JsonObject { ["workflow_id"] = NullWorkflows.Three, ["params"] = new JsonObject { ["ms"] = 60_000 } };
        var created = await SendAsync(one, "tools/call", new JsonObject { ["name"] = "run_workflow", ["arguments"] = arguments }, "run_workflow");
        var task = created["taskId"]!.GetValue<string>();

        Assert.Equal("task", created["resultType"]!.GetValue<string>());
        Assert.Equal("working", (await TaskAsync(two, "tasks/get", task))["status"]!.GetValue<string>());
        await TaskAsync(three, "tasks/cancel", task);
        while ((await TaskAsync(two, "tasks/get", task))["status"]!.GetValue<string>() != "cancelled")
        {
            await silos.DoneAsync(silos.Cluster.Silos[1], task);
        }

        var text = Assert.IsType<TextResourceContents>(Assert.Single((await two.ReadResourceAsync($"run://{task}/trace")).Contents)).Text;
        var trace = JsonSerializer.Deserialize<TracePage>(text, ActorsJson.Options)!;
        Assert.Null(TraceChain.Verify(trace));
        Assert.Contains(trace.Entries, e => e.Kind == "cancel_requested" && e.Data.GetProperty("reason").GetString() == "tasks/cancel");
        Assert.Contains(await three.ListResourcesAsync(), r => r.Uri == $"run://{task}");
    }

    private static Task<McpClient> ConnectAsync(SiloNode silo) => McpClient.CreateAsync(
        new HttpClientTransport(new HttpClientTransportOptions { Endpoint = new Uri(silo.Url, "mcp"), TransportMode = HttpTransportMode.StreamableHttp }),
        new McpClientOptions
        {
            ProtocolVersion = "2026-07-28",
            DiscoverProbeTimeout = TimeSpan.FromMinutes(1),
            Capabilities = new ClientCapabilities { Extensions = new Dictionary<string, object>(StringComparer.Ordinal) { ["io.modelcontextprotocol/tasks"] = new JsonObject() } },
        });

    private static Task<JsonNode> TaskAsync(McpClient client, string method, string task) => SendAsync(client, method, new JsonObject { ["taskId"] = task }, task);

    private static async Task<JsonNode> SendAsync(McpClient client, string method, JsonObject parameters, string name)
    {
        var response = await client.SendRequestAsync(new JsonRpcRequest { Method = method, Params = parameters, Context = new JsonRpcMessageContext { RoutingName = name } });
        return response.Result!;
    }
}
