using System.Globalization;

namespace Actors.Grains.Workflows;

/// <summary>One fault of a workflow file.</summary>
/// <param name="File">File name, or the folder's path when it is at fault.</param>
/// <param name="Line">From 1; 0 when the whole file is at fault.</param>
/// <param name="Column">From 1; 0 when the whole file is at fault.</param>
/// <param name="Message">What is wrong and how to mend it.</param>
public sealed record WorkflowFault(string File, long Line, long Column, string Message)
{
    /// <summary><c>file:line:column: message</c>.</summary>
    public override string ToString() => Line == 0 ? $"{File}: {Message}" : string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}: {Message}");
}

/// <summary>Workflow files that can't be used, with every fault of every file.</summary>
public sealed class WorkflowLoadException(IReadOnlyList<WorkflowFault> faults)
    : Exception(string.Join(Environment.NewLine, (faults ?? []).Select(f => f.ToString())))
{
    /// <summary>By file, then by line.</summary>
    public IReadOnlyList<WorkflowFault> Faults { get; } = faults ?? [];
}

/// <summary>Collects the faults of one file.</summary>
internal sealed class FaultList(string file)
{
    private readonly List<WorkflowFault> _faults = [];

    public string File { get; } = file;

    public IEnumerable<WorkflowFault> Ordered => _faults.Distinct().OrderBy(f => f.Line).ThenBy(f => f.Column);

    public bool Any => _faults.Count > 0;

    public void Add(Yaml.YamlValue at, string message) => Add(at.Line, at.Column, message);

    public void Add(long line, long column, string message)
    {
        if (_faults.Count < WorkflowLimits.Faults)
        {
            _faults.Add(new WorkflowFault(File, line, column, message));
        }
    }
}
