using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Actors.Grains.Schemas;

namespace Actors.Grains.Workflows.Expressions;

/// <summary>A JSON value whose strings may hold <c>${{ path }}</c>.</summary>
public static class Template
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Replaces every expression. A string that is one expression becomes its value; inside longer text scalars stand as text, objects and arrays as compact JSON.</summary>
    /// <exception cref="ExpressionException">An expression does not parse, names something missing, or the result is over a bound.</exception>
    public static JsonElement Evaluate(JsonElement template, ExpressionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        try
        {
            Write(writer, template, context);
            writer.Flush();
            return JsonElement.Parse(buffer.WrittenSpan, new JsonDocumentOptions { MaxDepth = ExpressionLimits.Depth });
        }
        catch (JsonException)
        {
            throw Problem($"the result is nested deeper than {ExpressionLimits.Depth} levels");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            throw Problem("a value holds half a surrogate pair, which is no Unicode text");
        }
    }

    private static void Write(Utf8JsonWriter writer, JsonElement template, ExpressionContext context)
    {
        switch (template.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in template.EnumerateObject())
                {
                    writer.WritePropertyName(member.Name);
                    Write(writer, member.Value, context);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in template.EnumerateArray())
                {
                    Write(writer, item, context);
                }

                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                WriteText(writer, TemplateText.Parse(template.GetString()!), context);
                break;
            default:
                template.WriteTo(writer);
                break;
        }

        CheckSize(writer.BytesCommitted + writer.BytesPending);
    }

    private static void WriteText(Utf8JsonWriter writer, TemplateText text, ExpressionContext context)
    {
        if (text.Single is { } path)
        {
            PathEvaluator.Evaluate(path, context).WriteTo(writer);
            return;
        }

        var result = new StringBuilder();
        foreach (var (literal, part) in text.Parts)
        {
            result.Append(literal ?? AsText(PathEvaluator.Evaluate(part!, context)));
            CheckSize(result.Length);
        }

        writer.WriteStringValue(result.ToString());
    }

    private static string AsText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Object or JsonValueKind.Array => JsonSerializer.Serialize(value, Compact),
        _ => value.GetRawText(),
    };

    private static void CheckSize(long size)
    {
        if (size > ExpressionLimits.ResultBytes)
        {
            throw Problem($"the result is larger than {ExpressionLimits.ResultBytes} bytes; pass on a smaller part of it");
        }
    }

    private static ExpressionException Problem(string message) => new("template", message);
}
