using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>Lists that change: the product's never do, so the fixtures bring what tells of it.</summary>
internal static class ListChanges
{
    private const string SubscriptionId = "io.modelcontextprotocol/subscriptionId";

    public static IEnumerable<McpServerTool> Tools(McpServerOptions options) =>
    [
        new FixtureTool("test_trigger_tool_change", FixtureTool.NoArguments, (_, _) => Toggle(options.ToolCollection!, new FixtureTool("test_comes_and_goes", FixtureTool.NoArguments, (_, _) => Task.FromResult(Fixture.Text("ok"))))),
        new FixtureTool("test_trigger_prompt_change", FixtureTool.NoArguments, (_, _) => Toggle(options.PromptCollection!, new FixturePrompt("test_comes_and_goes", [], _ => []))),
    ];

    /// <summary>Answers who asks for changes of lists; other subscriptions stay with the product.</summary>
    public static void Configure(McpServerOptions options)
    {
        var product = options.Handlers.SubscriptionsListenHandler;
        options.Handlers.SubscriptionsListenHandler = (request, cancellationToken) =>
            product is not null && request.Params.Notifications is { ToolsListChanged: not true, PromptsListChanged: not true }
                ? product(request, cancellationToken)
                : ListenAsync(request, options, cancellationToken);
    }

    private static Task<CallToolResult> Toggle<T>(McpServerPrimitiveCollection<T> list, T item)
        where T : class, IMcpServerPrimitive
    {
        if (!list.TryAdd(item))
        {
            list.Remove(list[item.Id]);
        }

        return Task.FromResult(Fixture.Text("Changed."));
    }

    private static async ValueTask<EmptyResult> ListenAsync(RequestContext<SubscriptionsListenRequestParams> request, McpServerOptions options, CancellationToken cancellationToken)
    {
        var wanted = request.Params.Notifications;
        using var changes = new SemaphoreSlim(0);
        var methods = new System.Collections.Concurrent.ConcurrentQueue<string>();
        void OnTools(object? sender, EventArgs e) => Changed(NotificationMethods.ToolListChangedNotification);
        void OnPrompts(object? sender, EventArgs e) => Changed(NotificationMethods.PromptListChangedNotification);
        void Changed(string method)
        {
            methods.Enqueue(method);
            changes.Release();
        }

        if (wanted.ToolsListChanged == true)
        {
            options.ToolCollection!.Changed += OnTools;
        }

        if (wanted.PromptsListChanged == true)
        {
            options.PromptCollection!.Changed += OnPrompts;
        }

        try
        {
            var granted = new JsonObject { ["toolsListChanged"] = wanted.ToolsListChanged == true, ["promptsListChanged"] = wanted.PromptsListChanged == true };
            await SendAsync(request, NotificationMethods.SubscriptionsAcknowledgedNotification, new JsonObject { ["notifications"] = granted }, cancellationToken);
            while (true)
            {
                await changes.WaitAsync(cancellationToken);
                methods.TryDequeue(out var method);
                await SendAsync(request, method!, [], cancellationToken);
            }
        }
        finally
        {
            options.ToolCollection!.Changed -= OnTools;
            options.PromptCollection!.Changed -= OnPrompts;
        }
    }

    private static Task SendAsync(RequestContext<SubscriptionsListenRequestParams> request, string method, JsonObject parameters, CancellationToken cancellationToken)
    {
        parameters["_meta"] = new JsonObject { [SubscriptionId] = request.JsonRpcRequest.Id.ToString() };
        return Fixture.TellAsync(request, method, parameters, cancellationToken);
    }
}
