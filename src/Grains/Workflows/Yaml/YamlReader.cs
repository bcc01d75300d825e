using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Actors.Grains.Workflows.Yaml;

/// <summary>Reads a strict subset of YAML: one document; no anchors, aliases, tags, merge keys or repeated names. Faults of the tree are all collected, a fault of syntax ends it.</summary>
internal sealed class YamlReader
{
    private readonly IParser _parser;
    private readonly FaultList _faults;

    private YamlReader(IParser parser, FaultList faults)
    {
        _parser = parser;
        _faults = faults;
    }

    /// <summary>Null when there is no mapping at the root; then there is a fault.</summary>
    public static YamlMap? Read(string yaml, FaultList faults)
    {
        if (HasControlCharacter(yaml, faults))
        {
            return null;
        }

        using var text = new StringReader(yaml);
        var parser = new Parser(text);
        try
        {
            return new YamlReader(parser, faults).Document();
        }
        catch (YamlException e)
        {
            faults.Add(e.Start.Line, e.Start.Column, $"This is not valid YAML: {Schemas.Describe.Shorten(e.Message)}. Mend the text here.");
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException or OverflowException)
        {
            // The scanner has states that it does not report as faults of the text.
            faults.Add(parser.Current?.End.Line ?? 1, parser.Current?.End.Column ?? 1, "This is not valid YAML. Mend the text behind this place.");
        }

        return null;
    }

    // The scanner takes a zero character for the end of the text, and YAML allows none of the others.
    private static bool HasControlCharacter(string yaml, FaultList faults)
    {
        var (line, column) = (1, 1);
        foreach (var c in yaml)
        {
            if (char.IsControl(c) && c is not ('\t' or '\n' or '\r' or '\u0085'))
            {
                faults.Add(line, column, "A control character is not allowed. Write it as an escape in a double-quoted string.");
                return true;
            }

            (line, column) = c == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        return false;
    }

    private YamlMap? Document()
    {
        _parser.Consume<StreamStart>();
        if (_parser.Accept<StreamEnd>(out _))
        {
            _faults.Add(1, 1, "The file is empty. Describe a workflow in it.");
            return null;
        }

        var start = _parser.Consume<DocumentStart>();
        if (start.Version is not null || start.Tags is { Count: > 0 } && !start.IsImplicit)
        {
            Refuse(start, "A YAML directive is not allowed. Leave it out.");
        }

        var root = Value(0);
        _parser.Consume<DocumentEnd>();
        if (!_parser.Accept<StreamEnd>(out _))
        {
            Refuse(_parser.Current!, "A second document is not allowed. Put each workflow into its own file.");
        }

        if (root is not YamlMap map)
        {
            _faults.Add(root, $"A workflow is a mapping, not {root.Kind}. Start with 'id:'.");
            return null;
        }

        return map;
    }

    private YamlValue Value(int depth)
    {
        if (_parser.Current is NodeEvent node)
        {
            CheckDecoration(node);
        }

        if (depth > WorkflowLimits.Depth)
        {
            throw new YamlException(_parser.Current!.Start, _parser.Current.End, $"nested deeper than {WorkflowLimits.Depth} levels");
        }

        if (_parser.TryConsume<Scalar>(out var scalar))
        {
            return new YamlScalar(scalar.Value, scalar.Style == ScalarStyle.Plain, scalar.Start.Line, scalar.Start.Column);
        }

        if (_parser.TryConsume<SequenceStart>(out var sequence))
        {
            var items = new List<YamlValue>();
            while (!_parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Value(depth + 1));
            }

            return new YamlList(items, sequence.Start.Line, sequence.Start.Column);
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            Refuse(alias, "An alias is not allowed. Write the value out.");
            return new YamlScalar("", Plain: true, alias.Start.Line, alias.Start.Column);
        }

        return Map(depth);
    }

    private YamlMap Map(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var members = new List<KeyValuePair<YamlScalar, YamlValue>>();
        var names = new Dictionary<string, YamlScalar>(StringComparer.Ordinal);
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var key = Value(depth + 1);
            var value = Value(depth + 1);
            if (key is not YamlScalar name)
            {
                _faults.Add(key, $"A name must be a scalar, not {key.Kind}. Write 'name: value'.");
            }
            else if (name is { Plain: true, Text: "<<" })
            {
                _faults.Add(key, "A merge key is not allowed. Write the members out.");
            }
            else if (!names.TryAdd(name.Text, name))
            {
                _faults.Add(key, $"The name {Schemas.Describe.Name(name.Text)} is already used in line {names[name.Text].Line}. Keep one of them.");
            }
            else
            {
                members.Add(new(name, value));
            }
        }

        return new YamlMap(members, start.Start.Line, start.Start.Column);
    }

    private void CheckDecoration(NodeEvent node)
    {
        if (!node.Anchor.IsEmpty)
        {
            Refuse(node, "An anchor is not allowed. Leave it out and write the value where it is needed.");
        }

        if (!node.Tag.IsEmpty)
        {
            Refuse(node, "A tag is not allowed. Quote a value to make it a string.");
        }
    }

    private void Refuse(ParsingEvent at, string message) => _faults.Add(at.Start.Line, at.Start.Column, message);
}
