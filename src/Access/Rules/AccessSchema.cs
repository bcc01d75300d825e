namespace Actors.Access.Rules;

/// <summary>The JSON Schema of <c>access.yaml</c>, with which editors complete it.</summary>
internal static class AccessSchema
{
    /// <summary>JSON Schema 2020-12.</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(AccessSchema).Assembly.GetManifestResourceStream("access.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
