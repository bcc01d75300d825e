using System.Text.Json;
using Actors.Grains.Schemas;
using Actors.Grains.Workflows.Expressions;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Checks that what steps and expressions name exists.</summary>
internal sealed class ReferenceChecker(JsonElement paramsSchema, IReadOnlyList<ReadStep> steps, FaultList faults)
{
    /// <summary>Servers of steps: unknown ones and unused ones; and ids of steps that stand twice.</summary>
    public void CheckSteps(Yaml.YamlMap servers)
    {
        var ids = new Dictionary<string, ReadStep>(StringComparer.Ordinal);
        foreach (var step in steps.Where(s => s.Definition.Id.Length > 0))
        {
            if (!ids.TryAdd(step.Definition.Id, step))
            {
                faults.Add(step.At.Find("id")!, $"The step id '{step.Definition.Id}' is already used in line {ids[step.Definition.Id].At.Line}. Rename one of them.");
            }
        }

        CheckSignals();
        foreach (var step in steps.Where(s => s.Definition.Server is { Length: > 0 } server && servers.Find(server) is null))
        {
            faults.Add(step.At.Find("server")!, $"There is no server '{step.Definition.Server}'. Use one of: {Names(servers.Members.Select(m => m.Key.Text))}.");
        }

        foreach (var (id, _) in servers.Members.Where(m => steps.All(s => s.Definition.Server != m.Key.Text)))
        {
            faults.Add(id, $"The server {Describe.Name(id.Text)} is used by no step. Use it or remove it.");
        }
    }

    /// <summary>Waits that the workflow's own timeout would end.</summary>
    public void CheckTimeouts(TimeSpan workflow)
    {
        foreach (var step in steps.Where(s => (s.Definition.Approval?.Timeout ?? s.Definition.Signal?.Timeout) > workflow))
        {
            var wait = (Yaml.YamlMap)(step.At.Find("approval") ?? step.At.Find("signal"))!;
            faults.Add(wait.Find("timeout")!, "'timeout' is longer than the workflow's. Raise the workflow's timeout.");
        }
    }

    // Which step a payload is for, and so which schema it must fit, is told by the name alone.
    private void CheckSignals()
    {
        var names = new Dictionary<string, ReadStep>(StringComparer.Ordinal);
        foreach (var step in steps.Where(s => s.Definition.Signal is { Name.Length: > 0 }))
        {
            if (!names.TryAdd(step.Definition.Signal!.Name, step))
            {
                var signal = step.At.Find("signal");
                faults.Add((signal as Yaml.YamlMap)?.Find("name") ?? signal!, $"The signal '{step.Definition.Signal.Name}' is already awaited in line {names[step.Definition.Signal.Name].At.Line}. Give one of them another 'name'.");
            }
        }
    }

    /// <summary>Expressions of every step, which may use the steps before it.</summary>
    public void CheckArguments()
    {
        for (var i = 0; i < steps.Count; i++)
        {
            Check(steps[i].Expressions, i);
        }
    }

    /// <summary>Expressions that may use the first <paramref name="finished"/> steps.</summary>
    public void Check(IEnumerable<ReadExpression> expressions, int finished)
    {
        foreach (var expression in expressions)
        {
            var fault = expression.Path.Segments[0].Name switch
            {
                "params" => CheckParams(expression.Path),
                "steps" => CheckStep(expression.Path.Segments[1].Name!, finished),
                _ => null,
            };
            if (fault is not null)
            {
                faults.Add(expression.At, $"The expression {Describe.Shorten(expression.Path.Source)} can't be evaluated: {fault}");
            }
        }
    }

    private string? CheckStep(string id, int finished)
    {
        if (steps.Take(finished).Any(s => s.Definition.Id == id))
        {
            return null;
        }

        var position = steps.TakeWhile(s => s.Definition.Id != id).Count();
        return position == steps.Count ? $"there is no step {Describe.Name(id)}. Use one of: {Names(steps.Take(finished).Select(s => s.Definition.Id))}."
            : position == finished ? $"the step '{id}' can't use its own result."
            : $"the step '{id}' runs later. Move it before this one.";
    }

    /// <summary>Follows the path as far as the schema lists all names.</summary>
    private string? CheckParams(PathExpression path)
    {
        var schema = paramsSchema;
        for (var i = 1; i < path.Segments.Count; i++)
        {
            if (path.Segments[i].Name is not { } name || !IsClosed(schema))
            {
                return null;
            }

            var known = schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object;
            if (!known || !properties.TryGetProperty(name, out var next))
            {
                return $"{Describe.Shorten(path.Prefix(i))} has no {Describe.Name(name)}. Use one of: {Names(known ? properties.EnumerateObject().Select(p => p.Name) : [])}.";
            }

            schema = next;
        }

        return null;
    }

    private static bool IsClosed(JsonElement schema) => schema.ValueKind == JsonValueKind.Object
        && schema.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.False
        && !schema.TryGetProperty("patternProperties", out _);

    private static string Names(IEnumerable<string> names) => Describe.Names(names) is { Length: > 0 } listed ? listed : "(none)";
}
