using System.Globalization;
using System.Text.Json;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>A container as the engine's inspect tells it.</summary>
/// <param name="Status">What the seam knows of it.</param>
/// <param name="Instance">The runner that owns it.</param>
/// <param name="LogPath">File of its log; empty before the first start.</param>
/// <param name="LogBytes">Size at which the log stops.</param>
/// <param name="SpecHash">What it was made for.</param>
/// <param name="Directory">Podman's directory of it, where the runtime's wrapper leaves notes; empty with Docker.</param>
internal sealed record ContainerView(SandboxStatus Status, string Instance, string LogPath, long LogBytes, string SpecHash = "", string Directory = "")
{
    // A chunk of conmon is 8 KiB; one that does not fit any more is dropped, so a full log ends a little below its limit.
    private const long LogSlack = 32 * 1024;

    /// <summary>True when the log has stopped taking output: what came after is lost.</summary>
    internal bool IsLogFull
    {
        get
        {
            var file = new FileInfo(LogPath.Length > 0 ? LogPath : "/nonexistent");
            return file.Exists && file.Length > LogBytes - LogSlack;
        }
    }

    /// <summary>What the runtime said of a start that failed; empty when nothing was noted.</summary>
    internal string StartWords
    {
        get
        {
            try
            {
                return Directory.Length == 0 ? "" : File.ReadAllText(Path.Combine(Directory, "actors-start"));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    /// <summary>The error that a full log is for whoever wants to replay it.</summary>
    internal SandboxException LogFull() => new(
        SandboxFault.OutputLost,
        $"The log of sandbox '{Status.Id}' reached {LogBytes} bytes and took no more; what followed is lost. Stop the sandbox, or raise its output limit.");

    /// <summary>Reads an inspected container of either engine; null when it is none of ours.</summary>
    /// <exception cref="Exception">The engine wrote something else: <see cref="JsonException"/>, <see cref="KeyNotFoundException"/>, <see cref="InvalidOperationException"/> or <see cref="FormatException"/>.</exception>
    internal static ContainerView? Read(JsonElement container)
    {
        var labels = container.GetProperty("Config").GetProperty("Labels");
        var name = Text(container, "Name").TrimStart('/');
        if (labels.ValueKind != JsonValueKind.Object
            || name != EngineDialect.ContainerName(Text(labels, EngineDialect.IdLabel))
            || !DateTimeOffset.TryParse(Text(labels, EngineDialect.DeadlineLabel), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var deadline)
            || !long.TryParse(Text(labels, EngineDialect.LogBytesLabel), NumberStyles.None, CultureInfo.InvariantCulture, out var logBytes))
        {
            return null;
        }

        var status = new SandboxStatus(
            Text(labels, EngineDialect.IdLabel),
            name,
            SandboxState.Created,
            ExitCode: null,
            OutOfMemory: false,
            Text(labels, EngineDialect.RuntimeLabel),
            container.GetProperty("Created").GetDateTimeOffset().ToUniversalTime(),
            deadline);
        var log = Text(container.GetProperty("HostConfig").GetProperty("LogConfig"), "Path") is { Length: > 0 } path ? path : Text(container, "LogPath");
        return new ContainerView(WithState(status, container), Text(labels, EngineDialect.SandboxLabel), log, logBytes, Text(labels, EngineDialect.SpecLabel), Text(container, "StaticDir"));
    }

    private static SandboxStatus WithState(SandboxStatus status, JsonElement container)
    {
        var state = container.GetProperty("State");
        switch (Text(state, "Status"))
        {
            case "created" or "configured" or "initialized":
                return status;
            case "exited" or "stopped" or "dead" or "removing":
                break;
            default:
                return status with { State = SandboxState.Running };
        }

        // Podman's --timeout leaves -1, which no process can return.
        var code = state.GetProperty("ExitCode").GetInt32();
        if (code == -1)
        {
            return status with { State = SandboxState.Exited, DeadlineExceeded = true };
        }

        var killed = state.TryGetProperty("OOMKilled", out var flag) && flag.ValueKind == JsonValueKind.True;
        return status with
        {
            State = SandboxState.Exited,
            ExitCode = code,
            OutOfMemory = killed || (code != 0 && MemoryEvidence.Exists(Text(container, "Id"), Text(container, "StaticDir"))),
        };
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
