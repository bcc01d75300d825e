using System.Text.Json;

namespace Actors.Grains.Workflows.Expressions;

/// <summary>What expressions can see.</summary>
/// <param name="Params">The run's params, an object.</param>
/// <param name="Results">Step id to the result of its call.</param>
/// <param name="RunId">Text of the run's id.</param>
public sealed record ExpressionContext(JsonElement Params, IReadOnlyDictionary<string, JsonElement> Results, string RunId);
