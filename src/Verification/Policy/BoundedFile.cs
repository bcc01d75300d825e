namespace Actors.Verification.Policy;

/// <summary>Reads small files.</summary>
internal static class BoundedFile
{
    /// <summary>The file's bytes, or null when there are more than <paramref name="cap"/>.</summary>
    public static byte[]? Read(string path, int cap)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        var buffer = new byte[cap + 1];
        var read = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        return read > cap ? null : buffer[..read];
    }
}
