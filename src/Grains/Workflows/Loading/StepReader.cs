using System.Text.Json;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>A step together with its place and its expressions.</summary>
/// <param name="Definition">The step; ids are empty when they were faulty.</param>
/// <param name="At">Its mapping.</param>
/// <param name="Expressions">Of its arguments.</param>
internal sealed record ReadStep(StepDefinition Definition, YamlMap At, IReadOnlyList<ReadExpression> Expressions);

/// <summary>Reads the <c>steps</c> of a workflow.</summary>
internal static class StepReader
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    public static IReadOnlyList<ReadStep> Read(MapReader workflow)
    {
        var listed = workflow.Required("steps");
        var items = workflow.List(listed, "'steps'", WorkflowLimits.Steps);
        if (listed is YamlList { Items.Count: 0 })
        {
            workflow.Faults.Add(listed, "'steps' is empty. Add at least one step.");
        }

        var steps = new List<ReadStep>();
        foreach (var item in items.Take(WorkflowLimits.Steps))
        {
            if (workflow.AsMap(item, "A step") is { } map)
            {
                steps.Add(Step(new MapReader(map, "A step", workflow.Faults)));
            }
        }

        return steps;
    }

    private static ReadStep Step(MapReader reader)
    {
        var id = reader.Text(reader.Required("id"), "'id'", TextRule.Id);
        var server = reader.Text(reader.Required("server"), "'server'", TextRule.Id);
        var tool = reader.Text(reader.Required("tool"), "'tool'", TextRule.Line(128));
        var timeout = reader.Quantity("timeout", t => Quantities.Duration(t, WorkflowLimits.CallTimeout), "a duration such as 30s or 5m, up to 1h");
        var arguments = reader.Optional("arguments") is { } value ? reader.AsMap(value, "'arguments'") : null;
        reader.Finish();
        return new ReadStep(
            new StepDefinition
            {
                Id = id ?? "",
                Server = server ?? "",
                Tool = tool ?? "",
                Timeout = timeout ?? DefaultTimeout,
                Arguments = arguments is null ? NoArguments : YamlJson.Convert(arguments, reader.Faults),
            },
            reader.Map,
            arguments is null ? [] : ExpressionReader.Read(arguments, reader.Faults));
    }
}
