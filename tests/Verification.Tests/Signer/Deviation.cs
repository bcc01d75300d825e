using Actors.Verification.Sigstore;

namespace Actors.Verification.Tests.Signer;

/// <summary>A fixture that is valid but for one thing.</summary>
/// <param name="Name">Says the one thing.</param>
/// <param name="Recipe">Makes it.</param>
/// <param name="Stage">That must refuse it.</param>
/// <param name="Code">With which code.</param>
internal sealed record Deviation(string Name, Func<Recipe> Recipe, VerificationStage Stage, string Code)
{
    /// <summary>What is demanded, when not what <see cref="Demands.For"/> says.</summary>
    public Func<BundleDemands, BundleDemands> Demand { get; init; } = demands => demands;

    /// <summary>Verified for these bytes in place of the artifact.</summary>
    public byte[]? Artifact { get; init; }

    /// <inheritdoc/>
    public override string ToString() => Name;
}
