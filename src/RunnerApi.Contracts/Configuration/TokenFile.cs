using System.Text;

namespace Actors.RunnerApi.Contracts.Configuration;

/// <summary>A file with one bearer token.</summary>
public static class TokenFile
{
    private const int ShortestToken = 32;
    private const int LargestFile = 4096;

    // The group may read: it is how Kubernetes gives a secret's file to a process that is not root.
    private const UnixFileMode NotForOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Reads the token; null with a sentence in <paramref name="fault"/> when the file can't serve.</summary>
    public static string? Read(string path, out string? fault)
    {
        fault = null;
        try
        {
            using var handle = File.OpenHandle(path);
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & NotForOthers) != UnixFileMode.None)
            {
                fault = $"'{path}' can be read by everybody or written by others; run chmod 600 on it.";
                return null;
            }

            var buffer = new byte[LargestFile + 1];
            var length = RandomAccess.Read(handle, buffer, 0);
            var token = Encoding.UTF8.GetString(buffer, 0, length).Trim();
            if (length <= LargestFile && token.Length >= ShortestToken)
            {
                return token;
            }

            fault = $"'{path}' must hold a token of at least {ShortestToken} characters, and no more than {LargestFile} bytes.";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            fault = $"'{path}' can't be read; create it with a random token of at least {ShortestToken} characters.";
        }

        return null;
    }
}
