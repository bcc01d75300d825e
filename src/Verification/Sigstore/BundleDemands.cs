using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Who is trusted to sign.</summary>
internal abstract record Signatory;

/// <summary>The holder of one public key.</summary>
internal sealed record KeySignatory(TrustedPublicKey Key) : Signatory;

/// <summary>The holder of an identity, as certified under <paramref name="Root"/>.</summary>
internal sealed record KeylessSignatory(CertificateIdentity Identity, TrustedRoot Root) : Signatory;

/// <summary>What a bundle must prove.</summary>
/// <param name="Signatory">Who must have signed.</param>
/// <param name="Root">Logs and timestamp authorities to trust for a key's signature; without it a key's bundle must need neither. Ignored for a keyless signatory, which has its own.</param>
/// <param name="RequireTransparencyLog">A log entry is demanded. Entries that are present are verified in any case, unless a key's demands name no root.</param>
internal sealed record BundleDemands(Signatory Signatory, TrustedRoot? Root = null, bool RequireTransparencyLog = true)
{
    /// <summary>When set, the signature must be an in-toto statement with this predicate type.</summary>
    public string? PredicateType { get; init; }

    /// <summary>The clock's time, for logs that the root takes out of use at a planned time. Without it any such log counts as out of use.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>The root that applies to <see cref="Signatory"/>.</summary>
    public TrustedRoot? EffectiveRoot => Signatory is KeylessSignatory keyless ? keyless.Root : Root;
}
