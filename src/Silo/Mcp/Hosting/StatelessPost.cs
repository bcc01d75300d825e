using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Handles a POST that belongs to no session: every one since 2026-07-28, and those of older clients that keep none. Any silo answers it.</summary>
internal sealed class StatelessPost(McpServers servers, ILoggerFactory loggers, IHostApplicationLifetime lifetime, TimeProvider time)
{
    public async Task HandleAsync(HttpContext context, JsonRpcMessage message, bool modern)
    {
        var call = McpCall.Attach(message);
        using var ended = new CancellationTokenSource();
        await using var aborted = context.RequestAborted.Register(() => Abandon(call, ended, modern));
        await using var transport = new StreamableHttpServerTransport(loggers) { Stateless = true };
        await using var server = servers.Create(transport);
        var running = server.RunAsync(ended.Token);
        await using var body = SseResponse.Begin(context, time);
        try
        {
            var answered = modern
                ? await transport.HandlePostRequestAsync(message, body, first => SseResponse.StartModernAsync(context, body, first), ended.Token)
                : await transport.HandlePostRequestAsync(message, body, ended.Token);
            if (!answered)
            {
                SseResponse.Accepted(context);
            }
        }
        catch (Exception e) when (ended.IsCancellationRequested && e is OperationCanceledException or IOException)
        {
            // The client went away.
        }
        finally
        {
            call.Over();
        }

        await transport.DisposeAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // Since 2026-07-28 a closed response is the client's cancellation. Before, it may come from a bad line: the wait ends, the run goes on.
    private void Abandon(McpCall call, CancellationTokenSource ended, bool modern)
    {
        if (modern && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            call.CancelByClient();
        }

        ended.Cancel();
    }
}
