using System.Text.Json;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>A step together with its place and its expressions.</summary>
/// <param name="Definition">The step; ids are empty when they were faulty.</param>
/// <param name="At">Its mapping.</param>
/// <param name="Expressions">Of its arguments, or of its message.</param>
internal sealed record ReadStep(StepDefinition Definition, YamlMap At, IReadOnlyList<ReadExpression> Expressions);

/// <summary>Reads the <c>steps</c> of a workflow.</summary>
internal static class StepReader
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DefaultBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DefaultMaxBackoff = TimeSpan.FromMinutes(1);
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
        var id = reader.Text(reader.Required("id"), "'id'", TextRule.Id) ?? "";
        return (reader.Map.Find("approval"), reader.Map.Find("signal")) switch
        {
            ({ }, _) => WaitReader.Approval(reader, id),
            (_, { }) => WaitReader.Signal(reader, id),
            _ => Call(reader, id),
        };
    }

    private static ReadStep Call(MapReader reader, string id)
    {
        var server = reader.Text(reader.Required("server"), "'server'", TextRule.Id);
        var tool = reader.Text(reader.Required("tool"), "'tool'", TextRule.Line(128));
        var timeout = reader.Quantity("timeout", t => Quantities.Duration(t, WorkflowLimits.CallTimeout), "a duration such as 30s or 5m, up to 1h");
        var arguments = reader.Optional("arguments") is { } value ? reader.AsMap(value, "'arguments'") : null;
        var idempotent = reader.Flag("idempotent");
        var retry = reader.Optional("retry") is { } given && reader.AsMap(given, "'retry'") is { } map ? Retry(new MapReader(map, "'retry'", reader.Faults)) : null;

        // Not there; named here so that a fault lists them.
        reader.Optional("approval");
        reader.Optional("signal");
        reader.Finish();
        return new ReadStep(
            new StepDefinition
            {
                Id = id,
                Server = server ?? "",
                Tool = tool ?? "",
                Timeout = timeout ?? DefaultTimeout,
                Arguments = arguments is null ? NoArguments : YamlJson.Convert(arguments, reader.Faults),
                Idempotent = idempotent,
                Retry = retry,
            },
            reader.Map,
            arguments is null ? [] : ExpressionReader.Read(arguments, reader.Faults));
    }

    private static RetryDefinition Retry(MapReader reader)
    {
        const string duration = "a duration such as 1s or 5m, up to 1h";
        reader.Required("attempts");
        var attempts = (int?)reader.Quantity<long>("attempts", t => Quantities.Whole(t, WorkflowLimits.Attempts) is { } n and >= 2 ? n : null, $"a whole number from 2 to {WorkflowLimits.Attempts}");
        var first = reader.Quantity("backoff", t => Quantities.Duration(t, WorkflowLimits.Backoff), duration) ?? DefaultBackoff;
        var most = reader.Quantity("max_backoff", t => Quantities.Duration(t, WorkflowLimits.Backoff), duration);
        if (most < first)
        {
            reader.Faults.Add(reader.Map.Find("max_backoff")!, "'max_backoff' is shorter than 'backoff'. Raise it.");
        }

        reader.Finish();
        return new RetryDefinition(attempts ?? 2, first, most ?? (first > DefaultMaxBackoff ? first : DefaultMaxBackoff));
    }
}
