using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Tests.Support;

/// <summary>Requests of the tasks extension, which the SDK's client does not know.</summary>
internal static class TaskCalls
{
    /// <summary>Takes tasks and shows forms.</summary>
    public static ClientCapabilities Capabilities => new()
    {
        Extensions = new Dictionary<string, object>(StringComparer.Ordinal) { ["io.modelcontextprotocol/tasks"] = new JsonObject() },
        Elicitation = new ElicitationCapability { Form = new FormElicitationCapability() },
    };

    /// <summary>Calls <c>run_workflow</c> and gives the result as it comes.</summary>
    public static Task<JsonNode> RunAsync(this McpClient client, string workflow, object parameters, string? key = null)
    {
        var arguments = new JsonObject { ["workflow_id"] = workflow, ["params"] = JsonSerializer.SerializeToNode(parameters) };
        if (key is not null)
        {
            arguments["idempotency_key"] = key;
        }

        return client.SendAsync("tools/call", new JsonObject { ["name"] = "run_workflow", ["arguments"] = arguments }, "run_workflow");
    }

    /// <summary>Starts a run as a task; its id.</summary>
    public static async Task<string> StartTaskAsync(this McpClient client, string workflow, object parameters) => (await client.RunAsync(workflow, parameters))["taskId"]!.GetValue<string>();

    /// <summary>Sends a request about a task.</summary>
    public static Task<JsonNode> TaskAsync(this McpClient client, string method, string task, JsonObject? responses = null)
    {
        var parameters = new JsonObject { ["taskId"] = task };
        if (responses is not null)
        {
            parameters["inputResponses"] = responses;
        }

        return client.SendAsync(method, parameters, task);
    }

    /// <summary>Asks for the task until it has the status.</summary>
    public static async Task<JsonNode> UntilAsync(this McpClient client, string task, string status)
    {
        while (true)
        {
            var now = await client.TaskAsync("tasks/get", task);
            if (now["status"]!.GetValue<string>() == status)
            {
                return now;
            }
        }
    }

    private static async Task<JsonNode> SendAsync(this McpClient client, string method, JsonObject parameters, string name)
    {
        var response = await client.SendRequestAsync(new JsonRpcRequest { Method = method, Params = parameters, Context = new JsonRpcMessageContext { RoutingName = name } });
        return response.Result!;
    }
}
