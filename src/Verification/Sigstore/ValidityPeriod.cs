namespace Actors.Verification.Sigstore;

/// <summary>A span of time, both ends included.</summary>
/// <param name="End">Null while it is still open.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly record struct ValidityPeriod(DateTimeOffset Start, DateTimeOffset? End)
{
    public static ValidityPeriod Always { get; } = new(DateTimeOffset.MinValue, End: null);

    /// <summary>False for a time that is not known.</summary>
    public bool Contains(DateTimeOffset? time) => time >= Start && (End is null || time <= End);
}
