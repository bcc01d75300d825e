using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Cli;

/// <summary>An MCP client of a silo. A tool's typed error becomes a <see cref="CommandException"/>.</summary>
internal sealed class ActorsClient : IAsyncDisposable
{
    private readonly McpClient _client;

    private ActorsClient(McpClient client) => _client = client;

    /// <summary>Connects; a token is sent to that URL alone.</summary>
    /// <exception cref="CommandException">No silo answers there, or it does not let the token in.</exception>
    public static async Task<ActorsClient> ConnectAsync(Uri url, string? token, CancellationToken cancellationToken)
    {
        try
        {
            // Not redirected: the token is meant for this URL.
            var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = Timeout.InfiniteTimeSpan };
            var transport = new HttpClientTransport(
                new HttpClientTransportOptions
                {
                    Endpoint = url,
                    TransportMode = HttpTransportMode.StreamableHttp,
                    Name = "actors",
                    AdditionalHeaders = token is null ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["Authorization"] = $"Bearer {token}" },
                },
                http,
                ownsHttpClient: true);
            return new ActorsClient(await McpClient.CreateAsync(transport, cancellationToken: cancellationToken));
        }
        catch (HttpRequestException e) when (e.StatusCode is HttpStatusCode.Unauthorized)
        {
            throw new CommandException($"The silo at {url} {(token is null ? "wants a token: name a file that holds it with --token-file or ACTORS_TOKEN_FILE" : "does not take this token")}.");
        }
        catch (Exception e) when (e is HttpRequestException or McpException or TimeoutException or IOException)
        {
            throw new CommandException($"No silo answers at {url}: {e.Message}. Start one with eng/demo.sh --keep, or name another with --url.");
        }
    }

    /// <summary>Calls a tool and reads its structured content.</summary>
    public async Task<T> CallAsync<T>(string tool, object arguments, IProgress<ProgressNotificationValue>? progress, CancellationToken cancellationToken)
    {
        var given = JsonSerializer.SerializeToElement(arguments, ActorsJson.Options).EnumerateObject()
            .ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal);
        CallToolResult result;
        try
        {
            result = await _client.CallToolAsync(tool, given, progress, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or McpException or IOException)
        {
            throw new CommandException($"The silo did not answer {tool}: {e.Message}");
        }

        if (result.StructuredContent is not { } content)
        {
            throw new CommandException($"The silo answered {tool} without structured content.");
        }

        if (result.IsError == true)
        {
            var error = content.TryGetProperty("error", out var typed) ? typed.Deserialize<RunError>(ActorsJson.Options) : null;
            throw new CommandException(error is null ? content.GetRawText() : $"{error.Code}: {string.Join("\n  ", [error.Message, .. error.Details is { Count: > 1 } details ? details : []])}");
        }

        return (await WholeAsync(content, cancellationToken)).Deserialize<T>(ActorsJson.Options)!;
    }

    // An output that is too large for an answer is a resource of its own.
    private async Task<JsonElement> WholeAsync(JsonElement content, CancellationToken cancellationToken)
    {
        if (!content.TryGetProperty("output_resource", out var link))
        {
            return content;
        }

        var uri = link.GetProperty("uri").GetString()!;
        try
        {
            var read = await _client.ReadResourceAsync(uri, cancellationToken: cancellationToken);
            var whole = JsonObject.Create(content)!;
            whole.Remove("output_resource");
            whole["output"] = JsonNode.Parse(((TextResourceContents)read.Contents[0]).Text);
            return JsonSerializer.SerializeToElement(whole, ActorsJson.Options);
        }
        catch (Exception e) when (e is HttpRequestException or McpException or IOException)
        {
            throw new CommandException($"The silo did not give {uri}: {e.Message}");
        }
    }

    public ValueTask DisposeAsync() => _client.DisposeAsync();
}

/// <summary>An error for the person at the terminal; ends the program with exit code 1.</summary>
internal sealed class CommandException(string message) : Exception(message);
