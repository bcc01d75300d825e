using System.Text.Json;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions.Journal;

/// <summary>Small JSON files that are either whole or absent, readable by their owner only.</summary>
internal static class AtomicFile
{
    // A launch holds at most 256 KiB of request and a decision.
    private const int LargestFile = 1024 * 1024;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a temporary file, flushes it to disk and renames it over the old one.</summary>
    public static void Write<T>(string path, T value)
    {
        var temporary = path + ".tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        using (var stream = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(stream, value, ContractJson.Options);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads a file; null when it does not exist.</summary>
    /// <exception cref="InvalidDataException">It is there but not readable as <typeparamref name="T"/>.</exception>
    public static T? Read<T>(string path)
        where T : class
    {
        try
        {
            using var stream = File.OpenRead(path);
            return stream.Length <= LargestFile
                ? JsonSerializer.Deserialize<T>(stream, ContractJson.Options)
                : throw new InvalidDataException($"'{path}' is larger than {LargestFile} bytes.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' is no valid journal file.", e);
        }
    }

    /// <summary>Creates a directory that only its owner may enter.</summary>
    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
    }
}
