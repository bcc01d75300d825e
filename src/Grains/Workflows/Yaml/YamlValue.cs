namespace Actors.Grains.Workflows.Yaml;

/// <summary>A YAML node with its place, both from 1.</summary>
internal abstract record YamlValue(long Line, long Column)
{
    /// <summary>Words for messages.</summary>
    public abstract string Kind { get; }
}

/// <summary>A scalar; only a plain one can be something else than a string.</summary>
internal sealed record YamlScalar(string Text, bool Plain, long Line, long Column) : YamlValue(Line, Column)
{
    public bool IsString => !Plain || YamlScalars.ToJson(Text) is null;

    public override string Kind => IsString ? "a string" : YamlScalars.ToJson(Text) switch
    {
        "null" => "null",
        "true" or "false" => "a boolean",
        _ => "a number",
    };
}

/// <summary>A sequence.</summary>
internal sealed record YamlList(IReadOnlyList<YamlValue> Items, long Line, long Column) : YamlValue(Line, Column)
{
    public override string Kind => "a list";
}

/// <summary>A mapping with distinct names, in order.</summary>
internal sealed record YamlMap(IReadOnlyList<KeyValuePair<YamlScalar, YamlValue>> Members, long Line, long Column) : YamlValue(Line, Column)
{
    public override string Kind => "a mapping";

    public YamlValue? Find(string name) => Members.FirstOrDefault(m => m.Key.Text == name).Value;
}
