using Actors.Grains.Schemas;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows.Loading;

/// <summary>Takes known names out of a mapping; what is left at the end is a fault.</summary>
/// <param name="map">The mapping.</param>
/// <param name="what">What it describes, such as <c>a step</c>.</param>
/// <param name="faults">Takes the faults.</param>
internal sealed class MapReader(YamlMap map, string what, FaultList faults)
{
    private readonly List<string> _known = [];

    public YamlMap Map { get; } = map;

    public FaultList Faults { get; } = faults;

    public YamlValue? Optional(string name)
    {
        _known.Add(name);
        return Map.Find(name);
    }

    public YamlValue? Required(string name)
    {
        var value = Optional(name);
        if (value is null)
        {
            Faults.Add(Map, $"{what} lacks '{name}'. Add it.");
        }

        return value;
    }

    /// <summary>A mapping without members when the name is missing.</summary>
    public YamlMap? OptionalMap(string name) => Optional(name) is { } value ? AsMap(value, $"'{name}'") : new YamlMap([], Map.Line, Map.Column);

    public YamlMap? AsMap(YamlValue value, string name)
    {
        if (value is YamlMap found)
        {
            return found;
        }

        Faults.Add(value, $"{name} must be a mapping, not {value.Kind}. Write 'name: value' lines under it.");
        return null;
    }

    public IReadOnlyList<YamlValue> List(YamlValue? value, string name, int most)
    {
        if (value is not YamlList list)
        {
            if (value is not null)
            {
                Faults.Add(value, $"{name} must be a list, not {value.Kind}. Start each item with '- '.");
            }

            return [];
        }

        if (list.Items.Count > most)
        {
            Faults.Add(list, $"{name} has {list.Items.Count} items, where at most {most} may be. Make it shorter.");
        }

        return list.Items;
    }

    /// <summary>A string that fits <paramref name="rule"/>; else a fault and null.</summary>
    public string? Text(YamlValue? value, string name, TextRule rule)
    {
        if (value is not YamlScalar { IsString: true } scalar)
        {
            if (value is not null)
            {
                Faults.Add(value, $"{name} must be a string, not {value.Kind}.{(value is YamlScalar ? " Put it in quotes." : "")}");
            }

            return null;
        }

        if (scalar.Text.Contains("${{", StringComparison.Ordinal))
        {
            Faults.Add(scalar, $"{name} can't hold an expression. Use expressions in arguments and output only.");
            return null;
        }

        if (!rule.Holds(scalar.Text))
        {
            Faults.Add(scalar, $"{name} must be {rule.Words}. Change {Describe.Name(scalar.Text)}.");
            return null;
        }

        return scalar.Text;
    }

    /// <summary>Text of a scalar that is a quantity, such as <c>5m</c>, parsed; else a fault and null.</summary>
    public T? Quantity<T>(string name, Func<string, T?> parse, string words) where T : struct
    {
        if (Optional(name) is not { } value)
        {
            return null;
        }

        var parsed = value is YamlScalar scalar ? parse(scalar.Text) : null;
        if (parsed is null)
        {
            Faults.Add(value, $"'{name}' must be {words}. Change {(value is YamlScalar s ? Describe.Name(s.Text) : value.Kind)}.");
        }

        return parsed;
    }

    /// <summary>True or false; false when the name is missing.</summary>
    public bool Flag(string name) => Quantity(name, Truth, "true or false") ?? false;

    private static bool? Truth(string text) => YamlScalars.ToJson(text) switch
    {
        "true" => true,
        "false" => false,
        _ => null,
    };

    /// <summary>Reports every name that was not asked for.</summary>
    public void Finish()
    {
        foreach (var (name, _) in Map.Members.Where(m => !_known.Contains(m.Key.Text)))
        {
            Faults.Add(name, $"{what} has no {Describe.Name(name.Text)}. Use one of: {string.Join(", ", _known)}.");
        }
    }
}
