namespace Actors.Verification.Policy;

/// <summary>The JSON Schema of a policy, with which editors complete it. It says the shape; what only the files can tell, such as whether a key can be read, is the loader's.</summary>
internal static class PolicySchema
{
    /// <summary>JSON Schema 2020-12.</summary>
    public static string Text { get; } = Read();

    private static string Read()
    {
        using var stream = typeof(PolicySchema).Assembly.GetManifestResourceStream("policy.schema.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
