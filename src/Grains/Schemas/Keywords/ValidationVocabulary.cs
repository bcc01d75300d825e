namespace Actors.Grains.Schemas;

/// <summary>Assertions about the value itself.</summary>
internal static class ValidationVocabulary
{
    public static void Read(KeywordReader reader)
    {
        ValueKeywords.Read(reader);
        NumberKeywords.Read(reader);
        SizeKeywords.Read(reader);
        ObjectKeywords.Read(reader);
    }
}
