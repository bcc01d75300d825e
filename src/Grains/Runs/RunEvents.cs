using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Runs;

/// <summary>Something that happened to a run, with the time it was seen.</summary>
internal abstract record RunEvent(DateTimeOffset At);

/// <summary>A slot is free.</summary>
internal sealed record Started(DateTimeOffset At) : RunEvent(At);

/// <summary>The policy gate answered for one server's image.</summary>
internal sealed record ImageDecided(DateTimeOffset At, string Server, Decision Decision) : RunEvent(At);

/// <summary>A sandbox finished its MCP handshake and listed its tools.</summary>
internal sealed record SandboxLaunched(DateTimeOffset At, string Server, int Attempt, SandboxView Sandbox, Decision Decision, IReadOnlyList<ToolFacts> Tools) : RunEvent(At);

/// <summary>What a server says of a tool; untrusted.</summary>
internal sealed record ToolFacts(string Name, bool ReadOnly, bool Idempotent);

/// <summary>A sandbox did not come up.</summary>
internal sealed record SandboxFailed(DateTimeOffset At, string Server, int Attempt, RunError Error, SandboxView? Sandbox, Decision? Refusal) : RunEvent(At);

/// <summary>A tool call was answered with a result.</summary>
internal sealed record CallAnswered(DateTimeOffset At, string Step, int Attempt, JsonElement Result, double? DurationMs) : RunEvent(At);

/// <summary>A tool call failed, and it is certain that it did.</summary>
internal sealed record CallFailed(DateTimeOffset At, string Step, int Attempt, RunError Error) : RunEvent(At);

/// <summary>A tool call may have been executed and no answer can come.</summary>
internal sealed record CallUnknown(DateTimeOffset At, string Step, int Attempt, string Code, string Message) : RunEvent(At);

/// <summary>Somebody asked the run to stop.</summary>
internal sealed record CancelRequested(DateTimeOffset At, string By, string? Reason) : RunEvent(At);

/// <summary>Somebody answered an approval.</summary>
internal sealed record ApprovalDecided(DateTimeOffset At, string By, string Step, bool Approved, string? Note) : RunEvent(At);

/// <summary>A signal came; its payload was checked against the step's schema before.</summary>
internal sealed record SignalReceived(DateTimeOffset At, string By, string Name, JsonElement Payload) : RunEvent(At);

/// <summary>A command that this program does not understand.</summary>
internal sealed record CommandUnknown(DateTimeOffset At, string By, string Kind) : RunEvent(At);

/// <summary>The reminder fired.</summary>
internal sealed record ReminderFired(DateTimeOffset At) : RunEvent(At);

/// <summary>A sandbox is gone; what was seen of it last.</summary>
internal sealed record SandboxStopped(DateTimeOffset At, string Server, int Attempt, SandboxView? LastSeen) : RunEvent(At);

/// <summary>A sandbox that was kept for a later step ended by itself; what was seen of it last.</summary>
internal sealed record SandboxEnded(DateTimeOffset At, string Server, int Attempt, SandboxView? LastSeen) : RunEvent(At);

/// <summary>A silo took over a run that was under way.</summary>
internal sealed record Recovered(DateTimeOffset At, long Epoch, string? Silo = null) : RunEvent(At);

/// <summary>The run was claimed too often without coming forward; it is given up.</summary>
/// <param name="At">When.</param>
/// <param name="Strikes">How many claims.</param>
/// <param name="Evidence">Its last owners, one line each, as the trace knows them.</param>
internal sealed record Quarantined(DateTimeOffset At, int Strikes, IReadOnlyList<string> Evidence) : RunEvent(At);

/// <summary>An effect could not be carried out at all.</summary>
internal sealed record EffectFailed(DateTimeOffset At, string Effect, RunError Error) : RunEvent(At);
