using System.Text.Json;
using Actors.Grains.Schemas;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Reads steps that wait for somebody.</summary>
internal static class WaitReader
{
    private const string Duration = "a duration such as 30m or 8h, up to 24h";
    private static readonly JsonElement NoArguments = JsonElement.Parse("{}");

    public static ReadStep Approval(MapReader step, string id)
    {
        if (step.AsMap(step.Optional("approval")!, "'approval'") is not { } map)
        {
            return Waiting(step, id, null, null, []);
        }

        var reader = new MapReader(map, "'approval'", step.Faults);
        var message = reader.Required("message");
        var timeout = reader.Quantity("timeout", t => Quantities.Duration(t, WorkflowLimits.RunTimeout), Duration);
        reader.Finish();
        return Waiting(step, id, new ApprovalDefinition(Message(reader, message), timeout), null, message is null ? [] : ExpressionReader.Read(message, step.Faults));
    }

    public static ReadStep Signal(MapReader step, string id)
    {
        if (step.AsMap(step.Optional("signal")!, "'signal'") is not { } map)
        {
            return Waiting(step, id, null, null, []);
        }

        var reader = new MapReader(map, "'signal'", step.Faults);
        var name = reader.Text(reader.Optional("name"), "'name'", TextRule.Id);
        var schema = reader.Optional("schema") is { } value && reader.AsMap(value, "'schema'") is { } given ? SchemaReader.Read(given, "the signal", step.Faults) : (JsonElement?)null;
        var timeout = reader.Quantity("timeout", t => Quantities.Duration(t, WorkflowLimits.RunTimeout), Duration);
        reader.Finish();
        return Waiting(step, id, null, new SignalDefinition { Name = name ?? id, Schema = schema, Timeout = timeout }, []);
    }

    // Unlike other texts it may hold expressions.
    private static string Message(MapReader reader, YamlValue? value)
    {
        var rule = TextRule.Prose(WorkflowLimits.ApprovalMessage);
        switch (value)
        {
            case null:
                return "";
            case YamlScalar { IsString: true } text when rule.Holds(text.Text):
                return text.Text;
            case YamlScalar { IsString: true } text:
                reader.Faults.Add(text, $"'message' must be {rule.Words}. Change {Describe.Name(text.Text)}.");
                return "";
            default:
                reader.Faults.Add(value, $"'message' must be a string, not {value.Kind}.{(value is YamlScalar ? " Put it in quotes." : "")}");
                return "";
        }
    }

    private static ReadStep Waiting(MapReader step, string id, ApprovalDefinition? approval, SignalDefinition? signal, IReadOnlyList<ReadExpression> expressions)
    {
        step.Finish();
        return new ReadStep(
            new StepDefinition { Id = id, Timeout = TimeSpan.Zero, Arguments = NoArguments, Approval = approval, Signal = signal },
            step.Map,
            expressions);
    }
}
