using System.Text.Json;
using Actors.Silo.Mcp;
using Actors.Silo.Mcp.Hosting;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Tests.Support;

/// <summary>A tool that waits until it is told, and tells how its call ended.</summary>
internal sealed class WaitingTool : McpServerTool, IMcpFeature
{
    public TaskCompletionSource Called { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>True when the client gave it up.</summary>
    public TaskCompletionSource<bool> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override Tool ProtocolTool { get; } = new() { Name = "wait", Description = "Waits.", InputSchema = JsonElement.Parse("""{"type":"object"}""") };

    public override IReadOnlyList<object> Metadata => [];

    public void Configure(McpServerOptions options) => (options.ToolCollection ??= []).Add(this);

    public override async ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default)
    {
        Called.TrySetResult();
        try
        {
            await Go.Task.WaitAsync(cancellationToken);
            return new CallToolResult { Content = [] };
        }
        finally
        {
            Ended.TrySetResult(McpCall.Of(request)!.IsCancelledByClient);
        }
    }
}
