namespace Actors.Verification.Policy;

/// <summary>Text from outside as it may stand in logs, reasons and evidence.</summary>
internal static class TextLine
{
    /// <summary>On one line, bounded.</summary>
    public static string Of(string? text, int max)
    {
        var line = new string([.. (text ?? "").Take(max).Select(c => char.IsControl(c) ? '?' : c)]);
        return text?.Length > max ? line + "…" : line;
    }
}
