using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Grains.Runs;

/// <summary>What somebody outside may want of a run: how it is written into the inbox, and read again.</summary>
internal static class RunCommands
{
    public const string Cancel = "cancel";

    /// <summary>Body of <see cref="Cancel"/>.</summary>
    public static string CancelBody(string? reason) => JsonSerializer.Serialize(new Body(reason), ActorsJson.Options);

    /// <summary>The event that a posted command is. What cannot be read, perhaps because a newer program wrote it, is <see cref="CommandUnknown"/>.</summary>
    public static RunEvent ToEvent(string kind, string by, string body, DateTimeOffset at)
    {
        try
        {
            return kind == Cancel && JsonSerializer.Deserialize<Body>(body, ActorsJson.Options) is { } content ? new CancelRequested(at, by, content.Reason) : new CommandUnknown(at, by, kind);
        }
        catch (JsonException)
        {
            return new CommandUnknown(at, by, kind);
        }
    }

    private sealed record Body(string? Reason);
}
