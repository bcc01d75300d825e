using System.Buffers;
using System.Text.Json;

namespace Actors.RunnerApi.Sessions;

/// <summary>Builds the lines that go to a server's stdin, line break included.</summary>
internal static class Outbound
{
    /// <summary>The version that is offered.</summary>
    public const string ProtocolVersion = "2025-11-25";

    /// <summary>Versions that a server may answer with.</summary>
    public static IReadOnlyList<string> AcceptedVersions { get; } = [ProtocolVersion, "2025-06-18", "2025-03-26", "2024-11-05"];

    /// <summary>The handshake's request.</summary>
    public static byte[] Initialize(string id) => Request(id, "initialize", writer =>
    {
        writer.WriteStartObject("params");
        writer.WriteString("protocolVersion", ProtocolVersion);
        writer.WriteStartObject("capabilities");
        writer.WriteEndObject();
        writer.WriteStartObject("clientInfo");
        writer.WriteString("name", "actors");
        writer.WriteString("version", typeof(Outbound).Assembly.GetName().Version?.ToString(3) ?? "0");
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary>The handshake's end.</summary>
    public static byte[] Initialized() => Line(writer => writer.WriteString("method", "notifications/initialized"));

    /// <summary>Tells the server that nobody waits for this call any more.</summary>
    public static byte[] Cancelled(string callId) => Line(writer =>
    {
        writer.WriteString("method", "notifications/cancelled");
        writer.WriteStartObject("params");
        writer.WriteString("requestId", callId);
        writer.WriteString("reason", "timed out");
        writer.WriteEndObject();
    });

    /// <summary>The answer to a server's ping.</summary>
    public static byte[] Pong(JsonElement id) => Line(writer =>
    {
        WriteId(writer, id);
        writer.WriteStartObject("result");
        writer.WriteEndObject();
    });

    /// <summary>The answer to anything else that a server asks of us.</summary>
    public static byte[] MethodNotFound(JsonElement id) => Line(writer =>
    {
        WriteId(writer, id);
        writer.WriteStartObject("error");
        writer.WriteNumber("code", -32601);
        writer.WriteString("message", "Method not found");
        writer.WriteEndObject();
    });

    /// <summary>One call; <c>tools/call</c> gets its id as the progress token.</summary>
    /// <exception cref="InvalidOperationException">A string in <paramref name="parameters"/> is no valid text.</exception>
    public static byte[] Call(string callId, string method, JsonElement? parameters) => Request(callId, method, writer =>
    {
        var token = method == "tools/call" ? callId : null;
        if (parameters is { } given)
        {
            writer.WritePropertyName("params");
            WriteParams(writer, given, token);
        }
        else if (token is not null)
        {
            writer.WriteStartObject("params");
            WriteMeta(writer, null, token);
            writer.WriteEndObject();
        }
    });

    private static void WriteParams(Utf8JsonWriter writer, JsonElement given, string? token)
    {
        if (token is null)
        {
            given.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        foreach (var property in given.EnumerateObject().Where(p => p.Name != "_meta"))
        {
            property.WriteTo(writer);
        }

        WriteMeta(writer, given.TryGetProperty("_meta", out var meta) && meta.ValueKind == JsonValueKind.Object ? meta : null, token);
        writer.WriteEndObject();
    }

    private static void WriteMeta(Utf8JsonWriter writer, JsonElement? meta, string token)
    {
        writer.WriteStartObject("_meta");
        if (meta is { } given)
        {
            foreach (var property in given.EnumerateObject().Where(p => p.Name != "progressToken"))
            {
                property.WriteTo(writer);
            }
        }

        writer.WriteString("progressToken", token);
        writer.WriteEndObject();
    }

    private static byte[] Request(string id, string method, Action<Utf8JsonWriter> rest) => Line(writer =>
    {
        writer.WriteString("id", id);
        writer.WriteString("method", method);
        rest(writer);
    });

    private static void WriteId(Utf8JsonWriter writer, JsonElement id)
    {
        writer.WritePropertyName("id");
        id.WriteTo(writer);
    }

    private static byte[] Line(Action<Utf8JsonWriter> body)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc", "2.0");
            body(writer);
            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }
}
