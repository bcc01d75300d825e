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

    /// <summary>Most faults reported per file.</summary>
    public const int Faults = 100;

    /// <summary>Longest run.</summary>
    public static readonly TimeSpan RunTimeout = TimeSpan.FromHours(24);

    /// <summary>Longest call of a tool.</summary>
    public static readonly TimeSpan CallTimeout = TimeSpan.FromHours(1);
}
