using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>A place in a JSON document from outside. Whatever is missing or of the wrong shape is a <see cref="VerificationException"/> that names the place.</summary>
internal sealed class JsonCursor
{
    private const int MaxTextChars = 2 * SigstoreBundle.MaxBytes;
    private readonly string _path;
    private readonly VerificationStage _stage;
    private readonly string _code;

    private JsonCursor(JsonElement element, string path, VerificationStage stage, string code)
    {
        Element = element;
        _path = path;
        _stage = stage;
        _code = code;
    }

    public JsonElement Element { get; }

    /// <summary>Parses strictly: UTF-8, no comments, no duplicate names, no trailing commas, at most <paramref name="maxBytes"/> bytes and 64 levels.</summary>
    public static JsonCursor Parse(ReadOnlyMemory<byte> json, string name, int maxBytes, VerificationStage stage, string code)
    {
        if (json.Length > maxBytes)
        {
            throw new VerificationException(stage, code, $"The {name} has {json.Length} bytes; at most {maxBytes} are read.");
        }

        // The parser looks at bytes only where a string is read.
        if (!Utf8.IsValid(json.Span))
        {
            throw new VerificationException(stage, code, $"The {name} is not UTF-8.");
        }

        try
        {
            return new JsonCursor(JsonElement.Parse(json.Span, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 64 }), name, stage, code);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new VerificationException(stage, code, $"The {name} is not well-formed JSON without duplicate names.");
        }
    }

    /// <summary>A cursor over an element that was parsed strictly before.</summary>
    public static JsonCursor Over(JsonElement element, string name, VerificationStage stage, string code) => new(element, name, stage, code);

    /// <summary>Null when the member is absent or null.</summary>
    public JsonCursor? Optional(string name)
    {
        if (Element.ValueKind != JsonValueKind.Object)
        {
            throw Fault("is no object");
        }

        return Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? At(value, $"{_path}.{name}") : null;
    }

    public JsonCursor Required(string name) => Optional(name) ?? throw Fault($"lacks '{name}'");

    public string Text()
    {
        try
        {
            return Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Fault("is no string");
        }
        catch (InvalidOperationException)
        {
            throw Fault("is no well-formed string");
        }
    }

    /// <summary>Canonical base64, not empty.</summary>
    public byte[] Bytes() => StrictBase64.TryDecode(Text(), MaxTextChars, out var bytes) ? bytes : throw Fault("is not canonical base64");

    /// <summary>A whole number from 0 to 2^53 - 1, as a number or, as protobuf writes it, in a string.</summary>
    public long WholeNumber()
    {
        var sound = Element.ValueKind == JsonValueKind.Number
            ? Element.TryGetInt64(out var number)
            : long.TryParse(Text(), NumberStyles.None, CultureInfo.InvariantCulture, out number);
        return sound && number is >= 0 and < 1L << 53 ? number : throw Fault("is not a whole number from 0 to 2^53 - 1");
    }

    public DateTimeOffset Time() =>
        Element.ValueKind == JsonValueKind.String && Element.TryGetDateTimeOffset(out var time) ? time : throw Fault("is no RFC 3339 time");

    public IReadOnlyList<JsonCursor> Items(int max)
    {
        if (Element.ValueKind != JsonValueKind.Array)
        {
            throw Fault("is no array");
        }

        var count = Element.GetArrayLength();
        return count <= max
            ? [.. Element.EnumerateArray().Select((item, i) => At(item, $"{_path}[{i}]"))]
            : throw Fault($"has {count} items; at most {max} are allowed");
    }

    public VerificationException Fault(string why) => new(_stage, _code, $"{_path} {why}.");

    private JsonCursor At(JsonElement value, string path) => new(value, path, _stage, _code);
}
