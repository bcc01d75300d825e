using System.Text.Json;
using Actors.Grains.Schemas;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Reads a JSON Schema that stands in a workflow.</summary>
internal static class SchemaReader
{
    /// <param name="map">The schema.</param>
    /// <param name="what">What it describes, such as <c>the params</c>.</param>
    /// <param name="faults">Takes each fault at its place.</param>
    public static JsonElement Read(YamlMap map, string what, FaultList faults)
    {
        var schema = YamlJson.Convert(map, faults);
        try
        {
            JsonSchema.Compile(schema);
        }
        catch (SchemaException e)
        {
            foreach (var fault in e.Faults)
            {
                var pointer = fault.Location[(fault.Location.IndexOf('#', StringComparison.Ordinal) + 1)..];
                faults.Add(YamlJson.Locate(map, pointer), $"The schema of {what} is not valid at {Describe.Shorten(fault.Location)}: {fault.Message}.");
            }
        }

        return schema;
    }
}
