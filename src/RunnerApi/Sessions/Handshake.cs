using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>The MCP handshake of one sandbox; <c>initialize</c> is sent once in its life, whatever restarts.</summary>
internal sealed class Handshake(string sandboxId, SandboxJournal journal, Outbox outbox, SecretScrubber scrubber, TimeProvider time)
{
    /// <summary>JSON-RPC id of the request.</summary>
    public string Id { get; } = IdOf(sandboxId);

    /// <summary>The id that no call may have.</summary>
    public static string IdOf(string sandboxId) => sandboxId + "-initialize";

    /// <summary>Sends <c>initialize</c> unless it was sent before.</summary>
    public void Begin()
    {
        if (journal.InitializeSentAt is null)
        {
            outbox.TryPost(() => Recorded(journal.WriteInitialize) ? Outbound.Initialize(Id) : null);
        }
    }

    /// <summary>Sends <c>notifications/initialized</c> unless it was sent before.</summary>
    public void Complete()
    {
        if (journal.InitializedSentAt is null)
        {
            outbox.TryPost(() => Recorded(journal.WriteInitialized) ? Outbound.Initialized() : null);
        }
    }

    /// <summary>Reads the server's answer; null with a sentence in <paramref name="fault"/> when it does not do.</summary>
    public ServerIdentity? Read(JsonElement answer, out string fault)
    {
        if (answer.TryGetProperty("error", out var error))
        {
            var text = scrubber.Scrub(error.GetProperty("message").GetString()!);
            fault = "The server refused the MCP handshake: " + TextLimits.Cut(text, TextLimits.ErrorMessage);
            return null;
        }

        var result = answer.GetProperty("result");
        var version = Text(result, "protocolVersion");
        if (version is null || !Outbound.AcceptedVersions.Contains(version, StringComparer.Ordinal))
        {
            fault = $"The server wants an MCP version that is none of {string.Join(", ", Outbound.AcceptedVersions)}.";
            return null;
        }

        if (!result.TryGetProperty("serverInfo", out var info) || Text(info, "name") is not { } name)
        {
            fault = "The server's handshake has no serverInfo.name.";
            return null;
        }

        fault = "";
        return new ServerIdentity(Shown(name), Shown(Text(info, "version") ?? ""), version);
    }

    private string Shown(string text) => TextLimits.Cut(scrubber.Scrub(text), TextLimits.ServerName);

    private bool Recorded(Action<DateTimeOffset> write)
    {
        try
        {
            write(time.GetUtcNow());
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not sent; the handshake's timeout ends the sandbox.
            return false;
        }
    }

    private static string? Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
