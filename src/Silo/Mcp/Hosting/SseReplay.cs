using System.Net.ServerSentEvents;
using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.Silo.Mcp.Hosting;

/// <summary>Writes the rest of a stream that broke.</summary>
internal static class SseReplay
{
    public static Task WriteAsync(ISseEventStreamReader reader, Stream body, CancellationToken cancellationToken) => SseFormatter.WriteAsync(
        FlushedAsync(reader, body, cancellationToken),
        body,
        (item, buffer) =>
        {
            if (item.Data is { } message)
            {
                using var writer = new Utf8JsonWriter(buffer);
                JsonSerializer.Serialize(writer, message, McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage)));
            }
        },
        cancellationToken);

    // The formatter writes an item before it asks for the next one.
    private static async IAsyncEnumerable<SseItem<JsonRpcMessage?>> FlushedAsync(ISseEventStreamReader reader, Stream body, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await body.FlushAsync(cancellationToken);
        await foreach (var item in reader.ReadEventsAsync(cancellationToken))
        {
            yield return item;
            await body.FlushAsync(cancellationToken);
        }
    }
}
