using System.Text.Json;

namespace Actors.Cli.Commands;

/// <summary>JSON on the command line, or <c>@FILE</c> to read one.</summary>
internal static class JsonArgument
{
    private const int Largest = 256 * 1024;

    /// <exception cref="CommandException">It is no JSON, or the file cannot be read.</exception>
    public static JsonElement Read(string option, string text)
    {
        try
        {
            if (text.StartsWith('@'))
            {
                var file = new FileInfo(text[1..]);
                text = file.Length <= Largest ? File.ReadAllText(file.FullName) : throw new CommandException($"{file.FullName} is over {Largest} bytes.");
            }

            return JsonElement.Parse(text);
        }
        catch (JsonException e)
        {
            throw new CommandException($"{option} is no JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CommandException($"{option}: {e.Message}");
        }
    }
}
