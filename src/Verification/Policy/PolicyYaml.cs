using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Actors.Verification.Policy;

/// <summary>A file that is not the plain YAML that a policy may be.</summary>
internal sealed class PolicySyntaxException(int line, string problem, string fix) : Exception(problem)
{
    /// <summary>From 1.</summary>
    public int Line { get; } = line;

    /// <summary>What to do.</summary>
    public string Fix { get; } = fix;
}

/// <summary>Reads one document of plain YAML: no anchors, aliases or tags, so that a small file cannot become a large tree and a value is what it looks like.</summary>
internal static class PolicyYaml
{
    private const int MaxDepth = 16;

    /// <summary>The document's root.</summary>
    /// <exception cref="PolicySyntaxException">Not such a document.</exception>
    public static PolicyNode Parse(string text)
    {
        var parser = new Parser(new StringReader(text));
        try
        {
            parser.Consume<StreamStart>();
            parser.Consume<DocumentStart>();
            var root = Read(parser, 0);
            parser.Consume<DocumentEnd>();
            return parser.Accept<StreamEnd>(out _)
                ? root
                : throw new PolicySyntaxException(LineOf(parser.Current), "There is a second document.", "Keep one.");
        }
        catch (YamlException e)
        {
            throw NotYaml(Math.Max(1, (int)e.Start.Line));
        }
        catch (InvalidOperationException)
        {
            // What the parser throws for some unclosed collections.
            throw NotYaml(LineOf(parser.Current));
        }
    }

    private static PolicySyntaxException NotYaml(int line) => new(line, "This is not YAML.", "Mend the syntax around this line.");

    private static PolicyNode Read(Parser parser, int depth)
    {
        if (parser.Current is not NodeEvent node)
        {
            throw new PolicySyntaxException(LineOf(parser.Current), "There is an alias, or no value.", "Write the value out.");
        }

        if (depth > MaxDepth)
        {
            throw new PolicySyntaxException(LineOf(node), "There is deep nesting.", $"Write at most {MaxDepth} levels.");
        }

        if (!node.Anchor.IsEmpty || !node.Tag.IsEmpty)
        {
            throw new PolicySyntaxException(LineOf(node), "There is an anchor or a tag.", "Write the plain value.");
        }

        return node switch
        {
            Scalar => ReadScalar(parser),
            MappingStart => ReadMap(parser, depth),
            SequenceStart => ReadList(parser, depth),
            _ => throw new System.Diagnostics.UnreachableException("There are no other nodes."),
        };
    }

    private static PolicyScalar ReadScalar(Parser parser)
    {
        var scalar = parser.Consume<Scalar>();
        return new PolicyScalar(LineOf(scalar), scalar.Value, scalar.Style == ScalarStyle.Plain);
    }

    private static PolicyMap ReadMap(Parser parser, int depth)
    {
        var start = parser.Consume<MappingStart>();
        var entries = new List<KeyValuePair<PolicyScalar, PolicyNode>>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (Read(parser, depth + 1) is not PolicyScalar key)
            {
                throw new PolicySyntaxException(LineOf(parser.Current), "A key is not a plain word.", "Use a word as the key.");
            }

            entries.Add(new(key, Read(parser, depth + 1)));
        }

        return new PolicyMap(LineOf(start), entries);
    }

    private static PolicyList ReadList(Parser parser, int depth)
    {
        var start = parser.Consume<SequenceStart>();
        var items = new List<PolicyNode>();
        while (!parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Read(parser, depth + 1));
        }

        return new PolicyList(LineOf(start), items);
    }

    private static int LineOf(ParsingEvent? e) => e is null ? 1 : (int)e.Start.Line;
}
