using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>A compiled JSON Schema 2020-12; immutable and safe to share. <c>format</c> and <c>content*</c> are annotations and never fail.</summary>
public sealed class JsonSchema
{
    private readonly CompiledSchema _compiled;

    private JsonSchema(CompiledSchema compiled) => _compiled = compiled;

    /// <summary>Compiles <paramref name="schema"/>. References resolve inside it, to the 2020-12 meta-schemas and to <paramref name="documents"/>; nothing is fetched.</summary>
    /// <exception cref="SchemaException">Every fault found: wrong keyword values, unresolvable references, bad patterns, an unknown <c>$schema</c>, over a bound.</exception>
    public static JsonSchema Compile(JsonElement schema, SchemaDocuments? documents = null) =>
        new(SchemaCompiler.Compile(schema.Clone(), documents ?? SchemaDocuments.None));

    /// <summary>Checks <paramref name="instance"/>. Empty when it fits; else at most <see cref="SchemaLimits.Violations"/> violations. A check that exceeds a bound is a violation.</summary>
    public IReadOnlyList<SchemaViolation> Validate(JsonElement instance) => new Evaluation(_compiled, SchemaLimits.Work).Run(instance);
}
