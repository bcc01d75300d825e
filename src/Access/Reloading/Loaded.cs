using Actors.Verification.Policy;

namespace Actors.Access;

/// <summary>An attempt to load something from files.</summary>
/// <param name="Value">Null when there are faults.</param>
/// <param name="Faults">A sentence each; none holds a secret.</param>
/// <param name="Files">What was read: when none of it changes, another attempt gives the same.</param>
internal sealed record Loaded<T>(T? Value, IReadOnlyList<string> Faults, IReadOnlyList<FileStamp> Files)
    where T : class;
