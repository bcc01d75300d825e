using System.Globalization;
using System.Text;
using Actors.Grains.Interfaces;

namespace Actors.Silo.Mcp.Results;

/// <summary>Workflows in words.</summary>
internal static class WorkflowText
{
    /// <summary>A workflow: what it is for, its params, its steps.</summary>
    public static string Of(WorkflowView workflow)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{workflow.Id} (version {workflow.Version}): {workflow.Description}\n");
        text.Append(CultureInfo.InvariantCulture, $"  params: {workflow.Params.GetRawText()}");
        foreach (var step in workflow.Steps)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n  {step.Id}: {Doing(step)}");
        }

        return text.ToString();
    }

    private static string Doing(WorkflowStepView step) => step.Kind switch
    {
        StepKind.Approval => "waits for an approval (approve_run)",
        StepKind.Signal => $"waits for signal {step.Signal} (signal_run){(step.Payload is { } schema ? $" with payload {schema.GetRawText()}" : "")}",
        _ => $"calls {step.Tool} of {step.Server}, image {step.Image}",
    };
}
