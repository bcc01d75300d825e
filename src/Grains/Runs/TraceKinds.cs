namespace Actors.Grains.Runs;

/// <summary>Kinds of trace entries, in the order in which a run usually writes them.</summary>
internal static class TraceKinds
{
    public const string Submitted = "submitted";
    public const string Verifying = "verifying";
    public const string ImageDecided = "image_decided";
    public const string SandboxLaunched = "sandbox_launched";
    public const string SandboxFailed = "sandbox_failed";
    public const string CallStarted = "call_started";
    public const string CallAnswered = "call_answered";
    public const string CallFailed = "call_failed";
    public const string CallUnknown = "call_unknown";
    public const string RetryScheduled = "retry_scheduled";
    public const string RetryDue = "retry_due";
    public const string ApprovalRequested = "approval_requested";
    public const string ApprovalDecided = "approval_decided";
    public const string SignalAwaited = "signal_awaited";
    public const string SignalReceived = "signal_received";
    public const string WaitTimedOut = "wait_timed_out";
    public const string CommandIgnored = "command_ignored";
    public const string CancelRequested = "cancel_requested";
    public const string DeadlineReached = "deadline_reached";
    public const string EffectFailed = "effect_failed";
    public const string Recovered = "recovered";
    public const string Quarantined = "quarantined";
    public const string SandboxEnded = "sandbox_ended";
    public const string SandboxStopped = "sandbox_stopped";
    public const string SandboxesAbandoned = "sandboxes_abandoned";
    public const string Done = "done";
}
