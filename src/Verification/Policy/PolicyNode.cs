namespace Actors.Verification.Policy;

/// <summary>A YAML node with the line it starts on.</summary>
internal abstract record PolicyNode(int Line);

/// <summary>Text, quoted or plain.</summary>
internal sealed record PolicyScalar(int Line, string Value, bool Plain) : PolicyNode(Line);

/// <summary>A mapping; a key that is written twice is in it twice.</summary>
internal sealed record PolicyMap(int Line, IReadOnlyList<KeyValuePair<PolicyScalar, PolicyNode>> Entries) : PolicyNode(Line);

/// <summary>A sequence.</summary>
internal sealed record PolicyList(int Line, IReadOnlyList<PolicyNode> Items) : PolicyNode(Line);
