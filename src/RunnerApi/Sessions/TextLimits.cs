namespace Actors.RunnerApi.Sessions;

/// <summary>Cuts untrusted text visibly.</summary>
internal static class TextLimits
{
    public const int ErrorMessage = 4096;
    public const int ProgressMessage = 1024;
    public const int ServerName = 256;

    /// <summary>At most <paramref name="max"/> characters; a cut text ends in an ellipsis.</summary>
    public static string Cut(string text, int max)
    {
        if (text.Length <= max)
        {
            return text;
        }

        var end = max - 1;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[end - 1]) ? end - 1 : end), "…");
    }
}
