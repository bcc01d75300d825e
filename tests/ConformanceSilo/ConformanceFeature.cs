using Actors.Silo.Mcp;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>The suite's fixtures beside what the product offers.</summary>
internal sealed class ConformanceFeature(FixtureTasks tasks) : IMcpFeature
{
    public void Configure(McpServerOptions options)
    {
        options.ToolCollection ??= [];
        options.PromptCollection ??= [];
        options.ResourceCollection ??= [];
        IEnumerable<McpServerTool> tools = [.. ContentTools.All(), .. ClientTools.All(), .. InputTools.All(), .. TaskTools.All(tasks), .. ListChanges.Tools(options)];
        foreach (var tool in tools)
        {
            options.ToolCollection.Add(tool);
        }

        foreach (var prompt in FixturePrompt.All())
        {
            options.PromptCollection.Add(prompt);
        }

        foreach (var resource in FixtureResource.All())
        {
            options.ResourceCollection.Add(resource);
        }

        options.Capabilities ??= new ServerCapabilities();
        options.Capabilities.Logging ??= new LoggingCapability();
        options.Handlers.SetLoggingLevelHandler ??= (_, _) => ValueTask.FromResult(new EmptyResult());
        options.Handlers.SubscribeToResourcesHandler ??= (_, _) => ValueTask.FromResult(new EmptyResult());
        options.Handlers.UnsubscribeFromResourcesHandler ??= (_, _) => ValueTask.FromResult(new EmptyResult());
        options.Handlers.CompleteHandler ??= (_, _) => ValueTask.FromResult(new CompleteResult { Completion = new Completion { Values = ["paris", "park", "party"], Total = 3, HasMore = false } });
        ListChanges.Configure(options);
        tasks.Configure(options);
    }
}
