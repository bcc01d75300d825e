namespace Actors.Grains.Workflows;

/// <summary>Bounds of workflow files.</summary>
public static class WorkflowLimits
{
    /// <summary>Largest file, in bytes.</summary>
    public const int FileBytes = 256 * 1024;

    /// <summary>Most files in a folder.</summary>
    public const int Files = 1000;

    /// <summary>Deepest nesting of YAML.</summary>
    public const int Depth = 32;

    /// <summary>Most servers of a workflow.</summary>
    public const int Servers = 64;

    /// <summary>Most steps of a workflow.</summary>
    public const int Steps = 256;

    /// <summary>Most tries of a step.</summary>
    public const int Attempts = 20;

    /// <summary>Longest question of an approval, as a template and evaluated, in UTF-16 units.</summary>
    public const int ApprovalMessage = 2048;

    /// <summary>Longest note of a decision, in UTF-16 units.</summary>
    public const int DecisionNote = 500;

    /// <summary>Largest payload of a signal, in bytes of UTF-8.</summary>
    public const int SignalPayload = 64 * 1024;

    /// <summary>Most faults reported per file.</summary>
    public const int Faults = 100;

    /// <summary>Longest run.</summary>
    public static readonly TimeSpan RunTimeout = TimeSpan.FromHours(24);

    /// <summary>Longest call of a tool.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromHours(1);

    /// <summary>Longest pause before a step is tried again.</summary>
    public static readonly TimeSpan Backoff = TimeSpan.FromHours(1);
}
