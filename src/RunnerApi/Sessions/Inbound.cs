using System.Text.Json;
using System.Text.Unicode;

namespace Actors.RunnerApi.Sessions;

/// <summary>What a line of stdout is.</summary>
internal enum InboundKind
{
    /// <summary>An answer to a request; <see cref="Inbound.Id"/> is null when its id is no string.</summary>
    Answer,

    /// <summary>A notification.</summary>
    Notification,

    /// <summary>A request of the server to us.</summary>
    Request,

    /// <summary>Nothing valid; <see cref="Inbound.Noise"/> says of which kind.</summary>
    Noise,
}

/// <summary>A classified line. Never throws for any bytes.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">Id of the request that it answers, also of an invalid answer when it can be told.</param>
/// <param name="Message">The whole message; undefined for noise.</param>
/// <param name="Noise">A key of <c>SandboxEvidence.ProtocolNoise</c>; null for valid messages.</param>
internal readonly record struct Inbound(InboundKind Kind, string? Id, JsonElement Message, string? Noise)
{
    /// <summary>Deepest nesting, the contract's own depth.</summary>
    public const int MaxDepth = 48;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Parses and classifies one line.</summary>
    public static Inbound Parse(ReadOnlyMemory<byte> line)
    {
        if (!Utf8.IsValid(line.Span))
        {
            return Bad(NoiseKinds.InvalidUtf8, null);
        }

        try
        {
            using var document = JsonDocument.Parse(line, s_options);
            return Classify(document.RootElement.Clone());
        }
        catch (JsonException)
        {
            // Well-formed but too deep or with a name twice: the answer is broken, not noise from a log.
            return IsJson(line.Span) ? Bad(NoiseKinds.InvalidMessage, PeekAnswerId(line.Span)) : Bad(NoiseKinds.NotJson, null);
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate in an escaped string.
            return Bad(NoiseKinds.InvalidMessage, PeekAnswerId(line.Span));
        }
    }

    /// <summary>The string id of an answer from the first bytes of a message that can't be read whole; null when it can't be told or it is no answer.</summary>
    public static string? PeekAnswerId(ReadOnlySpan<byte> prefix)
    {
        var reader = new Utf8JsonReader(prefix, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = int.MaxValue }));
        string? id = null;
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("method"u8))
                {
                    return null;
                }

                var isId = reader.ValueTextEquals("id"u8);
                if (!reader.Read())
                {
                    break;
                }

                if (isId && reader.TokenType == JsonTokenType.String)
                {
                    id = reader.GetString();
                }

                if (!reader.TrySkip())
                {
                    break;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return id;
        }

        return id;
    }

    /// <summary>True when the first bytes of an over-long line say that it is a request or notification.</summary>
    public static bool LooksLikeAnswer(ReadOnlySpan<byte> prefix) =>
        prefix.Length > 0 && prefix[0] == (byte)'{' && prefix[..Math.Min(prefix.Length, 256)].IndexOf("\"method\""u8) < 0;

    private static Inbound Classify(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object
            || !message.TryGetProperty("jsonrpc", out var version) || version.ValueKind != JsonValueKind.String || !version.ValueEquals("2.0"u8))
        {
            return Bad(NoiseKinds.InvalidMessage, IdOf(message));
        }

        if (message.TryGetProperty("method", out var method))
        {
            return ClassifyCall(message, method);
        }

        var hasResult = message.TryGetProperty("result", out var result);
        var hasError = message.TryGetProperty("error", out var error);
        var valid = hasResult != hasError && message.TryGetProperty("id", out _)
            && (hasResult ? result.ValueKind == JsonValueKind.Object : IsError(error));
        return valid ? new Inbound(InboundKind.Answer, IdOf(message), message, null) : Bad(NoiseKinds.InvalidMessage, IdOf(message));
    }

    private static Inbound ClassifyCall(JsonElement message, JsonElement method)
    {
        if (method.ValueKind != JsonValueKind.String)
        {
            return Bad(NoiseKinds.InvalidMessage, null);
        }

        if (!message.TryGetProperty("id", out var id))
        {
            return new Inbound(InboundKind.Notification, null, message, null);
        }

        return id.ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? new Inbound(InboundKind.Request, null, message, null)
            : Bad(NoiseKinds.InvalidMessage, null);
    }

    private static bool IsError(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object
        && error.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number && code.TryGetInt32(out _)
        && error.TryGetProperty("message", out var text) && text.ValueKind == JsonValueKind.String;

    private static string? IdOf(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;

    private static bool IsJson(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = int.MaxValue });
        try
        {
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Inbound Bad(string noise, string? id) => new(InboundKind.Noise, id, default, noise);
}

/// <summary>Keys of <c>SandboxEvidence.ProtocolNoise</c>.</summary>
internal static class NoiseKinds
{
    public const string NotJson = "not_json";
    public const string InvalidUtf8 = "invalid_utf8";
    public const string LineTooLong = "line_too_long";
    public const string UnknownId = "unknown_id";
    public const string DuplicateAnswer = "duplicate_answer";
    public const string InvalidMessage = "invalid_message";
}
