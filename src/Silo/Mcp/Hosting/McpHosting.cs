using Actors.Grains;
using Actors.Silo.Configuration;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Puts the endpoint's parts together.</summary>
internal static class McpHosting
{
    public static void Register(IServiceCollection services, SiloSettings settings)
    {
        services.AddSingleton<McpServers>();
        services.AddSingleton<StatelessPost>();
        services.AddSingleton<EventBudget>();
        services.AddSingleton(s => s.GetRequiredService<RunSilo>().Mail);
        services.AddSingleton<SessionPost>();
        services.AddSingleton<SessionParts>();
        services.AddSingleton(s => new SessionIds(new SessionKey(settings.SessionKey), TimeSpan.FromHours(settings.Options.SessionHours), s.GetRequiredService<TimeProvider>()));
        services.AddSingleton<McpSessions>();
        services.AddSingleton<CallsInFlight>();
        services.AddSingleton<SessionRequests>();
        services.AddSingleton<McpEndpoint>();
        services.AddSingleton<IMcpFeature, CallEndFeature>();
        services.AddHostedService<SessionSweep>();
    }

    /// <summary>Tells the host when a request has been handled.</summary>
    private sealed class CallEndFeature : IMcpFeature
    {
        public void Configure(McpServerOptions options)
        {
            options.Filters.Message.IncomingFilters.Add(next => async (context, cancellationToken) =>
            {
                var call = McpCall.Of(context);
                call?.HasStarted = true;
                try
                {
                    await next(context, cancellationToken);
                }
                catch (OperationCanceledException) when (call is { IsCancelledByClient: true })
                {
                    call.Unanswered?.Invoke();
                    throw;
                }
                finally
                {
                    call?.Ended?.Invoke();
                }
            });

            // Before the answer is sent: whoever has it may send the next request at once.
            options.Filters.Message.OutgoingFilters.Add(next => async (context, cancellationToken) =>
            {
                if (context.JsonRpcMessage is JsonRpcResponse or JsonRpcError)
                {
                    McpCall.Of(context)?.Ended?.Invoke();
                }

                await next(context, cancellationToken);
            });
        }
    }

    private sealed class SessionSweep(McpSessions sessions, SessionPost post, SiloOptions options) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            if (options.SessionKeyFile.Length == 0)
            {
                post.WarnOfMissingKey();
            }

            sessions.Start();
            return Task.CompletedTask;
        }

        // The container disposes them, after the last request has ended.
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
