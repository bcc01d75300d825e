using System.Globalization;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Store;

// Dapper fills these by column name, underscores left out.

/// <summary>A run's row, of either table.</summary>
internal sealed class RunRow
{
    /// <summary>Columns to return.</summary>
    public const string Columns = "id, workflow_id, workflow_version, definition_hash, version, epoch, state, trace_length, trace_head, commands, strikes, owner";

    /// <summary>Unfinished runs.</summary>
    public const string Select = $"SELECT {Columns} FROM runs";

    /// <summary>Finished runs.</summary>
    public const string SelectFinished =
        "SELECT id, workflow_id, workflow_version, definition_hash, version, epoch, state, trace_length, trace_head, commands, CAST(0 AS bigint) AS strikes, NULL AS owner FROM finished_runs";

    public string Id { get; init; } = "";

    public string WorkflowId { get; init; } = "";

    public string WorkflowVersion { get; init; } = "";

    public string DefinitionHash { get; init; } = "";

    public long Version { get; init; }

    public long Epoch { get; init; }

    public string State { get; init; } = "";

    public long TraceLength { get; init; }

    public string TraceHead { get; init; } = "";

    public long Commands { get; init; }

    public long Strikes { get; init; }

    public string? Owner { get; init; }

    public StoredRun ToBareRun() => ToRun(StateCodec.DecodeBare(State));

    public StoredRun ToRun(IEnumerable<StoredValue> values) => ToRun(StateCodec.Decode(State, values));

    private StoredRun ToRun(RunState state) => new(
        state, WorkflowId, WorkflowVersion, DefinitionHash, Version, Epoch, TraceLength, TraceHead, Commands, (int)Strikes, Owner is null ? null : RowText.Silo(Owner));
}

internal sealed class KeyRow
{
    public string RunId { get; init; } = "";

    public string RequestHash { get; init; } = "";
}

internal sealed class ValueRow
{
    public string RunId { get; init; } = "";

    public string Name { get; init; } = "";

    public string? Body { get; init; }
}

internal sealed class InboxRow
{
    public long Id { get; init; }

    public string RunId { get; init; } = "";

    public string Kind { get; init; } = "";

    public string Sender { get; init; } = "";

    public string Body { get; init; } = "";

    public long PostedAt { get; init; }

    public PostedCommand ToCommand() => new(Id, RowText.Run(RunId), new RunCommand(Kind, Sender, Body), RowText.Time(PostedAt));
}

internal sealed class TraceRow
{
    public long Seq { get; init; }

    public long At { get; init; }

    public string Kind { get; init; } = "";

    public string Data { get; init; } = "";

    public string Prev { get; init; } = "";

    public string Hash { get; init; } = "";

    public TraceEntry ToEntry() => new(Seq, RowText.Time(At), Kind, JsonElement.Parse(Data), Prev, Hash);
}

internal sealed class SiloRow
{
    public string Id { get; init; } = "";

    public string Name { get; init; } = "";

    public string Version { get; init; } = "";

    public long Format { get; init; }

    public long StartedAt { get; init; }

    public long HeartbeatAt { get; init; }

    public SiloRecord ToRecord() => new(RowText.Silo(Id), Name, Version, (int)Format, RowText.Time(StartedAt), RowText.Time(HeartbeatAt));
}

internal sealed class BeatRow
{
    public long Now { get; init; }

    public long Timeline { get; init; }

    public SiloBeat ToBeat() => new(RowText.Time(Now), Timeline);
}

/// <summary>Ids and times as columns hold them.</summary>
internal static class RowText
{
    public static RunId Run(string text) => RunId.TryParse(text, out var id) ? id : throw new StoreUnavailableException($"The database holds a run with the malformed id '{text}'.");

    public static SiloId Silo(string text) => new(Guid.ParseExact(text, "D"));

    public static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    public static string Status(RunStatus status) => status switch
    {
        RunStatus.Queued => "queued",
        RunStatus.Verifying => "verifying",
        RunStatus.Running => "running",
        RunStatus.Done => "done",
        _ => status.ToString().ToLower(CultureInfo.InvariantCulture),
    };
}
