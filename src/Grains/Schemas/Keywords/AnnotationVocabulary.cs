using System.Text.Json;

namespace Actors.Grains.Schemas;

/// <summary>Keywords that never fail a value: meta-data, <c>format</c> and <c>content*</c>. Only their own types are checked.</summary>
internal static class AnnotationVocabulary
{
    private static readonly string[] Texts = ["title", "description", "format", "contentEncoding", "contentMediaType"];
    private static readonly string[] Flags = ["deprecated", "readOnly", "writeOnly"];

    public static void Read(KeywordReader reader)
    {
        foreach (var name in Texts)
        {
            reader.Text(name);
        }

        foreach (var name in Flags)
        {
            reader.Flag(name);
        }

        reader.Of("examples", JsonValueKind.Array, "a list");
        reader.Schema("contentSchema");
    }
}
