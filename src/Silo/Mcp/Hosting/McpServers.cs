using Actors.Silo.Configuration;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Makes MCP servers: one for each stateless request, one for each session. All share what the features configured.</summary>
internal sealed class McpServers(IEnumerable<IMcpFeature> features, ILoggerFactory loggers)
{
    /// <summary>What every server offers.</summary>
    public McpServerOptions Options { get; } = Configure(features);

    /// <summary>A server that speaks over the transport once it runs.</summary>
    public McpServer Create(StreamableHttpServerTransport transport) => McpServer.Create(transport, Options, loggers);

    private static McpServerOptions Configure(IEnumerable<IMcpFeature> features)
    {
        var options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "actors", Title = "Actors", Version = ProductVersion.Text },
            ServerInstructions =
                """
                Runs workflows whose steps call tools of untrusted MCP servers, each in a verified, sandboxed container.
                Call list_workflows to see what can be run and which params it takes, run_workflow to run one.
                When the answer's status is not 'done', call wait_run with its run_id until it is.
                When waiting_for is present, the run waits for a person's decision (approve_run) or a signal (signal_run). list_runs finds runs. get_run_trace tells what was decided, launched, called and answered.
                """,
            ScopeRequests = false,
        };
        foreach (var feature in features)
        {
            feature.Configure(options);
        }

        return options;
    }
}
