using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Podman;

/// <summary>What an engine says, fit for a message: one line, bounded, without control characters and secrets.</summary>
internal static class EngineWords
{
    private const int Most = 600;

    internal static string Of(string text, SecretScrubber scrubber)
    {
        var line = string.Join(' ', scrubber.Scrub(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(w => string.Concat(w.Where(c => !char.IsControl(c)))));
        return line.Length switch
        {
            0 => "the engine gave no reason",
            > Most => "… " + line[^Most..],
            _ => line,
        };
    }
}
