using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Actors.Verification.Tools;

/// <summary>
/// Finds checks in the sources by their shape: throws of the product's own exceptions, calls of methods that only refuse, <c>return false</c>, guards of a <c>switch</c>, each of several reasons to refuse, each of several
/// conditions to accept (of a method, a predicate, or before <c>: throw</c>), several ways to be accepted as a whole, and switches of the platform that are set. A refusal behind several reasons is as many checks as
/// there are reasons. Nothing is listed by hand, so a new check of one of these shapes cannot be forgotten; one of another shape, such as a cap, a pattern or a single comparison that is returned, is not found.
/// </summary>
internal sealed class MutantFinder(CSharpCompilation compilation)
{
    private readonly List<Mutant> _found = [];

    public IReadOnlyList<Mutant> Find(IEnumerable<SyntaxTree> trees)
    {
        foreach (var tree in trees)
        {
            var model = compilation.GetSemanticModel(tree);
            foreach (var node in tree.GetRoot().DescendantNodes())
            {
                Visit(node, model);
            }
        }

        return _found;
    }

    private void Visit(SyntaxNode node, SemanticModel model)
    {
        switch (node)
        {
            case ThrowStatementSyntax { Expression: { } thrown } statement when IsOwn(model.GetTypeInfo(thrown).Type):
                AddStatement(statement, model);
                break;
            case ThrowExpressionSyntax thrown when IsOwn(model.GetTypeInfo(thrown.Expression).Type) && ValueType(thrown, model) is { } type:
                Add(thrown, MutantKind.DefaultValue, type);
                break;
            case ExpressionStatementSyntax { Expression: InvocationExpressionSyntax call } statement when OnlyRefuses(call, model):
                Add(statement, MutantKind.SkipStatement, null, Called(call, model));
                break;
            case ExpressionStatementSyntax { Expression: InvocationExpressionSyntax call } statement when IsGuardOfData(call, model):
                Add(statement, MutantKind.SkipStatement, null);
                break;
            case WhenClauseSyntax { Parent: CasePatternSwitchLabelSyntax or SwitchExpressionArmSyntax } guard:
                Add(guard.Condition, MutantKind.OperandTrue, null);
                break;
            case ReturnStatementSyntax { Expression: LiteralExpressionSyntax literal } statement when literal.IsKind(SyntaxKind.FalseLiteralExpression) && IsGuarded(statement) && !HasReasons(statement):
                Add(statement, MutantKind.SkipStatement, null);
                break;
            case IfStatementSyntax branch when Refuses(branch.Statement, model):
                AddOperands(branch.Condition, SyntaxKind.LogicalOrExpression, MutantKind.OperandFalse);
                break;
            case ReturnStatementSyntax { Expression: BinaryExpressionSyntax accepted } when IsBool(accepted, model):
                AddAcceptor(accepted);
                break;
            case ArrowExpressionClauseSyntax { Expression: BinaryExpressionSyntax accepted } when IsBool(accepted, model):
                AddAcceptor(accepted);
                break;
            case LambdaExpressionSyntax { ExpressionBody: BinaryExpressionSyntax accepted } when IsBool(accepted, model):
                AddAcceptor(accepted);
                break;
            case ConditionalExpressionSyntax { WhenFalse: ThrowExpressionSyntax { Expression: { } thrown } } choice when IsOwn(model.GetTypeInfo(thrown).Type):
                AddOperands(choice.Condition, SyntaxKind.LogicalAndExpression, MutantKind.OperandTrue);
                break;
            case ConditionalExpressionSyntax { WhenTrue: ThrowExpressionSyntax { Expression: { } thrown } } choice when IsOwn(model.GetTypeInfo(thrown).Type):
                AddOperands(choice.Condition, SyntaxKind.LogicalOrExpression, MutantKind.OperandFalse);
                break;
            case AssignmentExpressionSyntax { Right: LiteralExpressionSyntax literal } setting when IsSwitchOfThePlatform(setting, literal, model):
                Add(literal, MutantKind.Opposite, null);
                break;
        }
    }

    private void AddStatement(ThrowStatementSyntax statement, SemanticModel model)
    {
        if (HasReasons(statement))
        {
            return;
        }

        if (IsGuarded(statement) && !DeclaresInCondition(statement))
        {
            Add(statement, MutantKind.SkipStatement, null);
        }
        else if (ReturnType(statement, model) is { } type)
        {
            Add(statement, MutantKind.ReturnDefault, type.Length == 0 ? null : type);
        }
    }

    private void AddAcceptor(BinaryExpressionSyntax accepted)
    {
        if (accepted.IsKind(SyntaxKind.LogicalOrExpression))
        {
            Add(accepted, MutantKind.OperandTrue, null);
        }

        AddOperands(accepted, SyntaxKind.LogicalAndExpression, MutantKind.OperandTrue);
    }

    // Each operand of a chain.
    private void AddOperands(ExpressionSyntax condition, SyntaxKind chain, MutantKind kind)
    {
        var bare = condition;
        while (bare is ParenthesizedExpressionSyntax parenthesized)
        {
            bare = parenthesized.Expression;
        }

        if (bare is BinaryExpressionSyntax binary && binary.IsKind(chain))
        {
            AddOperands(binary.Left, chain, kind);
            AddOperands(binary.Right, chain, kind);
        }
        else if (bare is PrefixUnaryExpressionSyntax { Operand: ParenthesizedExpressionSyntax inner } negated && negated.IsKind(SyntaxKind.LogicalNotExpression) && inner.Expression is BinaryExpressionSyntax opposite && opposite.IsKind(Opposite(chain)))
        {
            AddOperands(opposite, Opposite(chain), kind == MutantKind.OperandFalse ? MutantKind.OperandTrue : MutantKind.OperandFalse);
        }
        else if (condition.Parent is BinaryExpressionSyntax parent && parent.IsKind(chain))
        {
            Add(condition, kind, null);
        }
    }

    private static SyntaxKind Opposite(SyntaxKind chain) => chain == SyntaxKind.LogicalOrExpression ? SyntaxKind.LogicalAndExpression : SyntaxKind.LogicalOrExpression;

    private void Add(SyntaxNode node, MutantKind kind, string? type, SyntaxNode? called = null) => _found.Add(new Mutant(_found.Count, node, kind, type) { Called = called });

    private static SyntaxNode Called(InvocationExpressionSyntax call, SemanticModel model) => ((IMethodSymbol)model.GetSymbolInfo(call).Symbol!).DeclaringSyntaxReferences[0].GetSyntax();

    private static bool IsGuarded(StatementSyntax statement) => statement.Parent switch
    {
        IfStatementSyntax { Else: null } branch => branch.Statement == statement,
        BlockSyntax { Parent: IfStatementSyntax { Else: null } branch } block => branch.Statement == block && block.Statements[^1] == statement,
        _ => false,
    };

    // Each operand is a check of its own then.
    private static bool HasReasons(StatementSyntax statement) =>
        IsGuarded(statement) && statement.Ancestors().OfType<IfStatementSyntax>().First().Condition is BinaryExpressionSyntax condition && condition.IsKind(SyntaxKind.LogicalOrExpression);

    private static bool DeclaresInCondition(StatementSyntax statement) =>
        statement.Ancestors().OfType<IfStatementSyntax>().First() is { } branch && branch.Condition.DescendantNodes().Any(n => n is DeclarationPatternSyntax or VarPatternSyntax or RecursivePatternSyntax { Designation: not null });

    private bool Refuses(StatementSyntax statement, SemanticModel model)
    {
        var last = statement is BlockSyntax { Statements.Count: > 0 } block ? block.Statements[^1] : statement;
        return last switch
        {
            ThrowStatementSyntax { Expression: { } thrown } => IsOwn(model.GetTypeInfo(thrown).Type),
            ReturnStatementSyntax { Expression: LiteralExpressionSyntax literal } => literal.IsKind(SyntaxKind.FalseLiteralExpression) || literal.IsKind(SyntaxKind.NullLiteralExpression),
            ContinueStatementSyntax => true,
            _ => false,
        };
    }

    private bool OnlyRefuses(InvocationExpressionSyntax call, SemanticModel model) =>
        model.GetSymbolInfo(call).Symbol is IMethodSymbol { ReturnsVoid: true } method
        && SymbolEqualityComparer.Default.Equals(method.ContainingAssembly, compilation.Assembly)
        && method.DeclaringSyntaxReferences.Any(r => r.GetSyntax().DescendantNodes().Any(n => n is ThrowStatementSyntax or ThrowExpressionSyntax))
        && !call.ArgumentList.Arguments.Any(a => a.RefKindKeyword.IsKind(SyntaxKind.OutKeyword));

    // What is set in a static initialiser is set once, before any test. NoDelay is for speed alone.
    private static bool IsSwitchOfThePlatform(AssignmentExpressionSyntax setting, LiteralExpressionSyntax literal, SemanticModel model) =>
        (literal.IsKind(SyntaxKind.TrueLiteralExpression) || literal.IsKind(SyntaxKind.FalseLiteralExpression))
        && model.GetSymbolInfo(setting.Left).Symbol is IPropertySymbol { Name: not "NoDelay" } property
        && !property.ContainingAssembly.Name.StartsWith("Actors.", StringComparison.Ordinal)
        && setting.FirstAncestorOrSelf<FieldDeclarationSyntax>() is null;

    // Such as ThrowIfNotEmpty; those of arguments guard against the program's own faults.
    private static bool IsGuardOfData(InvocationExpressionSyntax call, SemanticModel model) =>
        model.GetSymbolInfo(call).Symbol is IMethodSymbol { ReturnsVoid: true } method
        && method.Name.StartsWith("ThrowIf", StringComparison.Ordinal)
        && !method.Name.StartsWith("ThrowIfNull", StringComparison.Ordinal)
        && method.Name != "ThrowIfCancellationRequested";

    private bool IsOwn(ITypeSymbol? type) =>
        type is not null && SymbolEqualityComparer.Default.Equals(type.ContainingAssembly, compilation.Assembly);

    private static bool IsBool(ExpressionSyntax expression, SemanticModel model) => model.GetTypeInfo(expression).Type?.SpecialType == SpecialType.System_Boolean;

    private static string? ValueType(ThrowExpressionSyntax thrown, SemanticModel model) => thrown.Parent switch
    {
        BinaryExpressionSyntax coalesce => Name(model.GetTypeInfo(coalesce).Type),
        ConditionalExpressionSyntax conditional => Name(model.GetTypeInfo(conditional).Type ?? model.GetTypeInfo(conditional).ConvertedType),
        SwitchExpressionArmSyntax { Parent: SwitchExpressionSyntax arms } => Name(model.GetTypeInfo(arms).Type ?? model.GetTypeInfo(arms).ConvertedType),
        _ => null,
    };

    // Empty for void; null where no value can stand in.
    private static string? ReturnType(StatementSyntax statement, SemanticModel model)
    {
        if (model.GetEnclosingSymbol(statement.SpanStart) is not IMethodSymbol method || statement.FirstAncestorOrSelf<LambdaExpressionSyntax>() is not null)
        {
            return null;
        }

        var type = method.ReturnType;
        if (method.IsAsync)
        {
            type = (type as INamedTypeSymbol)?.TypeArguments.FirstOrDefault();
        }

        return method.ReturnsVoid || type is null ? "" : Name(type);
    }

    private static string? Name(ITypeSymbol? type) => type is null or IErrorTypeSymbol ? null : type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
}
