using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;

namespace Actors.Grains.Runs;

/// <summary>Kinds of commands, and the events that they become. A kind that this version does not know (a newer silo posted it) changes nothing and shows in the trace.</summary>
internal static class RunCommands
{
    public const string Cancel = "cancel";

    /// <summary>Kinds that this version takes.</summary>
    public static bool IsKnown(string kind) => kind is Cancel;

    /// <summary>The event of a command, or null when its kind is not known or its body not readable.</summary>
    public static RunEvent? ToEvent(PostedCommand posted, DateTimeOffset at)
    {
        try
        {
            return posted.Command.Kind switch
            {
                Cancel => new CancelRequested(at, posted.Command.By, JsonSerializer.Deserialize<CancelBody>(posted.Command.Body, ActorsJson.Options)?.Reason),
                _ => null,
            };
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A request to stop.</summary>
    public static RunCommand OfCancel(string by, string? reason) => new(Cancel, by, JsonSerializer.Serialize(new CancelBody(reason), ActorsJson.Options));

    private sealed record CancelBody(string? Reason);
}
