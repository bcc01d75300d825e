using Actors.Grains.Workflows.Expressions;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>An expression and the scalar it stands in.</summary>
internal sealed record ReadExpression(PathExpression Path, YamlScalar At);

/// <summary>Finds and parses the expressions of a template.</summary>
internal static class ExpressionReader
{
    public static IReadOnlyList<ReadExpression> Read(YamlValue template, FaultList faults)
    {
        var found = new List<ReadExpression>();
        Collect(template, faults, found);
        return found;
    }

    private static void Collect(YamlValue value, FaultList faults, List<ReadExpression> found)
    {
        switch (value)
        {
            case YamlMap map:
                foreach (var (name, member) in map.Members)
                {
                    if (name.Text.Contains("${{", StringComparison.Ordinal))
                    {
                        faults.Add(name, "A name can't hold an expression. Use expressions in values only.");
                    }

                    Collect(member, faults, found);
                }

                break;
            case YamlList list:
                foreach (var item in list.Items)
                {
                    Collect(item, faults, found);
                }

                break;
            case YamlScalar { IsString: true } scalar:
                try
                {
                    found.AddRange(TemplateText.Parse(scalar.Text).Paths.Select(p => new ReadExpression(p, scalar)));
                }
                catch (ExpressionException e)
                {
                    faults.Add(scalar, $"The expression {e.Expression} is not valid: {e.Fault}.");
                }

                break;
        }
    }
}
