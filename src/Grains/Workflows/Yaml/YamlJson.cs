using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Actors.Grains.Workflows.Yaml;

/// <summary>YAML nodes as JSON.</summary>
internal static class YamlJson
{
    /// <summary>Converts; what JSON can't hold is a fault and becomes null.</summary>
    public static JsonElement Convert(YamlValue value, FaultList faults)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            Write(writer, value, faults);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    /// <summary>The node that a JSON Pointer leads to, or the nearest one around it.</summary>
    public static YamlValue Locate(YamlValue root, string pointer)
    {
        foreach (var raw in pointer.Split('/').Skip(1))
        {
            var segment = raw.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var next = root switch
            {
                YamlMap map => map.Find(segment),
                YamlList list when int.TryParse(segment, out var index) && index >= 0 && index < list.Items.Count => list.Items[index],
                _ => null,
            };
            if (next is null)
            {
                break;
            }

            root = next;
        }

        return root;
    }

    private static void Write(Utf8JsonWriter writer, YamlValue value, FaultList faults)
    {
        switch (value)
        {
            case YamlMap map:
                writer.WriteStartObject();
                foreach (var (name, member) in map.Members)
                {
                    writer.WritePropertyName(name.Text);
                    Write(writer, member, faults);
                }

                writer.WriteEndObject();
                break;
            case YamlList list:
                writer.WriteStartArray();
                foreach (var item in list.Items)
                {
                    Write(writer, item, faults);
                }

                writer.WriteEndArray();
                break;
            case YamlScalar scalar:
                WriteScalar(writer, scalar, faults);
                break;
        }
    }

    private static void WriteScalar(Utf8JsonWriter writer, YamlScalar scalar, FaultList faults)
    {
        if (scalar.Plain && YamlScalars.IsBeyondJson(scalar.Text))
        {
            faults.Add(scalar, $"JSON has no {scalar.Text}. Write a finite number, or quote it to make it a string.");
            writer.WriteNullValue();
        }
        else if (scalar.Plain && YamlScalars.ToJson(scalar.Text) is { } json)
        {
            writer.WriteRawValue(json);
        }
        else
        {
            writer.WriteStringValue(scalar.Text);
        }
    }
}
