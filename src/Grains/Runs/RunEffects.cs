using System.Text.Json;

namespace Actors.Grains.Runs;

/// <summary>Something to do outside, derived from the state alone, so that it is found again after a crash. Performing one twice is harmless: its name is its identity at the runner.</summary>
internal abstract record RunEffect
{
    /// <summary>Unique within the run.</summary>
    public abstract string Name { get; }

    /// <summary>A failure of it changes nothing for the run: it is tried until it succeeds or is not wanted any more.</summary>
    public virtual bool IsPersistent => false;
}

internal sealed record DecideImage(string Server, int Retries) : RunEffect
{
    public override string Name => Retries == 0 ? $"decide {Server}" : $"decide {Server} {Retries + 1}";
}

internal sealed record LaunchSandbox(string Server, int Attempt) : RunEffect
{
    public override string Name => $"launch {Server} {Attempt}";
}

internal sealed record CallTool(string Step, string Server, int SandboxAttempt, int Attempt, JsonElement Arguments) : RunEffect
{
    public override string Name => $"call {Step} {Attempt}";

    // Arguments follow from the state: the name alone tells whether it is the same effect.
    public bool Equals(CallTool? other) => other?.Name == Name;

    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>Keeps a sandbox that is idle now from being taken for an orphan, and tells when it ends.</summary>
internal sealed record KeepSandbox(string Server, int Attempt) : RunEffect
{
    public override string Name => $"keep {Server} {Attempt}";

    public override bool IsPersistent => true;
}

internal sealed record StopSandbox(string Server, int Attempt) : RunEffect
{
    public override string Name => $"stop {Server} {Attempt}";

    public override bool IsPersistent => true;
}
