namespace Actors.Grains.Workflows.Expressions;

/// <summary>An expression that does not parse, or names something that is not there. The message never holds a value of the context.</summary>
public sealed class ExpressionException(string expression, string message) : Exception($"{expression}: {message}")
{
    /// <summary>The expression as written, at most 60 characters; or <c>template</c> when the whole is at fault.</summary>
    public string Expression { get; } = expression;

    /// <summary>What is wrong, without the expression.</summary>
    public string Fault { get; } = message;
}
