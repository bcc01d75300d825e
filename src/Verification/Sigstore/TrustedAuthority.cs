using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Actors.Verification.Sigstore;

/// <summary>A certificate or timestamp authority that is trusted: its chain from the lowest certificate up to the root, and when it was in use.</summary>
internal sealed record TrustedAuthority(string Name, IReadOnlyList<X509Certificate2> Chain, ValidityPeriod Window)
{
    // Reading a reference is atomic, and two threads that both build find the same.
    private SoundChain? _ownChain;

    public X509Certificate2 Lowest => Chain[0];

    /// <summary>True when the chain of <see cref="Lowest"/> itself holds at that time. It is built once: without revocation, only the certificates' validity depends on the time.</summary>
    /// <param name="purpose">Extended key usage; the same in every call.</param>
    public bool HoldsAt(DateTimeOffset time, Oid purpose)
    {
        if (_ownChain is { } known && known.Covers(time))
        {
            return true;
        }

        var sound = Build(Lowest, time, purpose, [], out _) == ChainFault.None;
        if (sound)
        {
            _ownChain = new SoundChain(Chain.Max(c => c.NotBefore).ToUniversalTime(), Chain.Min(c => c.NotAfter).ToUniversalTime());
        }

        return sound;
    }

    /// <summary>Builds the chain of a certificate up to this authority's root, and no other, as of <paramref name="time"/>; nothing is downloaded.</summary>
    /// <param name="purpose">Extended key usage that every certificate of the chain must allow.</param>
    /// <param name="hints">Further certificates that may lie on the way.</param>
    /// <param name="issuerSpki">SubjectPublicKeyInfo of the certificate's issuer.</param>
    public ChainFault Build(X509Certificate2 certificate, DateTimeOffset time, Oid purpose, IReadOnlyList<X509Certificate2> hints, out byte[] issuerSpki)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.Add(Chain[^1]);
        policy.ExtraStore.AddRange(Chain.SkipLast(1).Concat(hints).ToArray());
        policy.ApplicationPolicy.Add(purpose);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = time.UtcDateTime;
        var sound = TryBuild(chain, certificate);
        issuerSpki = sound ? chain.ChainElements[Math.Min(1, chain.ChainElements.Count - 1)].Certificate.PublicKey.ExportSubjectPublicKeyInfo() : [];
        var fault = sound ? ChainFault.None : Worst(chain.ChainStatus);
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        return fault;
    }

    private static bool TryBuild(X509Chain chain, X509Certificate2 certificate)
    {
        try
        {
            return chain.Build(certificate);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private sealed record SoundChain(DateTime From, DateTime Until)
    {
        public bool Covers(DateTimeOffset time) => From <= time.UtcDateTime && time.UtcDateTime <= Until;
    }

    private static ChainFault Worst(X509ChainStatus[] statuses) =>
        statuses.Length > 0 && statuses.All(s => s.Status == X509ChainStatusFlags.NotTimeValid) ? ChainFault.NotTimeValid : ChainFault.Untrusted;
}

/// <summary>Why a chain does not hold.</summary>
internal enum ChainFault
{
    None,

    /// <summary>A certificate of an otherwise sound chain is not valid at that time.</summary>
    NotTimeValid,

    /// <summary>It does not lead to the authority's root, or not for that purpose.</summary>
    Untrusted,
}
