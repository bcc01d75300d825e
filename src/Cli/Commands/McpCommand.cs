using System.CommandLine;
using System.Net.Http.Headers;
using Actors.Cli.Stdio;

namespace Actors.Cli.Commands;

/// <summary><c>actors mcp --stdio</c>: for clients that start their servers as processes.</summary>
internal static class McpCommand
{
    public static Command Create()
    {
        var stdio = new Option<bool>("--stdio") { Description = "Speak MCP on standard input and output.", Required = true };
        var silo = new SiloConnection();
        var command = new Command("mcp", "Be an MCP server for a local client: everything is passed on to the silo, and back.") { stdio, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            // Not redirected: the token is meant for this URL. No limit of time: a call may wait for long, and the client has its own.
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
            http.DefaultRequestHeaders.Authorization = silo.ReadToken(parsed) is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
            await using var input = Console.OpenStandardInput();
            await using var output = Console.OpenStandardOutput();
            await using var bridge = new StdioBridge(new SiloEndpoint(http, parsed.GetValue(silo.Url)!), new MessageWriter(output));
            await bridge.RunAsync(MessageLines.ReadAsync(input, cancellationToken), cancellationToken);
            return ExitCodes.Ok;
        });
        return command;
    }
}
