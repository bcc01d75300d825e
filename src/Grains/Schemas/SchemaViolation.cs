namespace Actors.Grains.Schemas;

/// <summary>One way in which an instance does not fit. Strings of the instance are described by length, never quoted.</summary>
/// <param name="InstancePointer">JSON Pointer of the value, empty for the whole instance; segments over 60 characters are shortened with <c>…</c>.</param>
/// <param name="SchemaLocation">URI and JSON Pointer of the keyword, such as <c>#/properties/repeat/maximum</c>.</param>
/// <param name="Keyword">The keyword that failed; <c>$bounds</c> when a bound of the check itself was exceeded.</param>
/// <param name="Message">A sentence about the value, without its place.</param>
public sealed record SchemaViolation(string InstancePointer, string SchemaLocation, string Keyword, string Message)
{
    /// <summary><c>/repeat: 12 is more than the maximum 10</c>.</summary>
    public override string ToString() => $"{(InstancePointer.Length == 0 ? "(root)" : InstancePointer)}: {Message}";
}
