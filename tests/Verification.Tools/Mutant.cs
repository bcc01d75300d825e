using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Actors.Verification.Tools;

/// <summary>How a check is disabled.</summary>
internal enum MutantKind
{
    /// <summary>The refusal is skipped and what follows runs.</summary>
    SkipStatement,

    /// <summary>In place of the refusal, the default value is returned.</summary>
    ReturnDefault,

    /// <summary>In place of a throw expression stands the default value.</summary>
    DefaultValue,

    /// <summary>A reason to refuse counts as absent.</summary>
    OperandFalse,

    /// <summary>A condition to accept counts as met.</summary>
    OperandTrue,

    /// <summary>A switch of the platform stands the other way.</summary>
    Opposite,
}

/// <summary>One check that can be disabled.</summary>
/// <param name="Id">Number among all; what selects it at run time.</param>
/// <param name="Node">The original syntax.</param>
/// <param name="Kind">How it is disabled.</param>
/// <param name="Type">Of the value that stands in; null for none.</param>
internal sealed record Mutant(int Id, SyntaxNode Node, MutantKind Kind, string? Type)
{
    /// <summary>The method that refuses, where the check is a call of it; null for all others, which a test comes by only when they refuse.</summary>
    public SyntaxNode? Called { get; init; }

    /// <summary>Folder and file, line, and the first of the text.</summary>
    public string Describe(string root)
    {
        var text = string.Join(' ', Node.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return $"{Path.GetRelativePath(root, Node.SyntaxTree.FilePath)}:{Node.GetLocation().GetLineSpan().StartLinePosition.Line + 1}  {(text.Length > 110 ? text[..110] + "…" : text)}";
    }

    /// <summary>The syntax with the switch in it. Formatting does not matter, only that it compiles. The switch is asked last, so that only a test in which the check refuses comes by it.</summary>
    public SyntaxNode Switched(SyntaxNode current) => Kind switch
    {
        MutantKind.SkipStatement => SyntaxFactory.ParseStatement($"if (!global::MutantSwitch.Is({Id})) {{ {current} }}"),
        MutantKind.ReturnDefault => SyntaxFactory.ParseStatement($"{{ if (global::MutantSwitch.Is({Id})) return {(Type is null ? "" : $"default({Type})!")}; {current} }}"),
        MutantKind.DefaultValue => SyntaxFactory.ParseExpression($"global::MutantSwitch.Throw<{Type}>({Id}, {((ThrowExpressionSyntax)current).Expression})"),
        MutantKind.OperandFalse => SyntaxFactory.ParseExpression($"(({current}) && !global::MutantSwitch.Is({Id}))"),
        MutantKind.Opposite => SyntaxFactory.ParseExpression($"(({current}) != global::MutantSwitch.Is({Id}))"),
        _ => SyntaxFactory.ParseExpression($"(({current}) || global::MutantSwitch.Is({Id}))"),
    };

    /// <summary>How likely it leaves a variable without value: 3 for a skipped refusal behind a condition that sets one, 2 for a pattern that sets one, 1 for a call that does, else 0.</summary>
    public int Guilt => Kind == MutantKind.SkipStatement ? (Sets(Node.Ancestors().OfType<IfStatementSyntax>().FirstOrDefault()?.Condition) ? 3 : 0)
        : !Sets(Node) ? 0
        : Node.DescendantNodesAndSelf().Any(n => n is SingleVariableDesignationSyntax && n.Parent is PatternSyntax) ? 2
        : 1;

    private static bool Sets(SyntaxNode? node) => node?.DescendantNodesAndSelf().Any(n => n is SingleVariableDesignationSyntax) == true;
}
