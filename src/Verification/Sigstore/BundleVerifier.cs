using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Verifies Sigstore bundles: no clock, no I/O.</summary>
internal static class BundleVerifier
{
    /// <summary>Throws <see cref="VerificationException"/> unless the bundle proves everything that is demanded of it for this artifact.</summary>
    public static VerifiedBundle Verify(SigstoreBundle bundle, ArtifactDigest artifact, BundleDemands demands)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(demands);
        using var certificate = demands.Signatory is KeylessSignatory ? SigningCertificate.Read(bundle) : null;
        var key = certificate?.Key ?? DemandKey(bundle, demands);
        var (entries, times) = DemandEvidence(bundle, demands, certificate is not null);
        var facts = certificate is null ? null : DemandCertificate(certificate, times, (KeylessSignatory)demands.Signatory);
        ContentVerifier.DemandDigest(bundle.Content, artifact);
        ContentVerifier.DemandSignature(bundle.Content, artifact, key);
        var statement = ContentVerifier.DemandStatement(bundle.Content, artifact);
        ContentVerifier.DemandPredicateType(statement, demands.PredicateType);
        if (demands.EffectiveRoot is not null)
        {
            var verifier = certificate?.Certificate.RawDataMemory ?? key.Spki;
            foreach (var entry in bundle.LogEntries)
            {
                LogEntryBinding.Demand(entry, bundle.Content, artifact, verifier);
            }
        }

        return new VerifiedBundle(bundle.FormatName, facts, times, entries, statement, certificate is null ? key : null);
    }

    private static TrustedPublicKey DemandKey(SigstoreBundle bundle, BundleDemands demands) =>
        bundle.Certificate is null
            ? ((KeySignatory)demands.Signatory).Key
            : throw new VerificationException(VerificationStage.Key, "certificate_unexpected", "A key is trusted to sign, but the signature carries a certificate.");

    private static (IReadOnlyList<LogEntryFacts> Entries, IReadOnlyList<DateTimeOffset> Times) DemandEvidence(SigstoreBundle bundle, BundleDemands demands, bool certified)
    {
        DemandLogged(bundle, demands);
        if (demands.EffectiveRoot is not { } root)
        {
            return ([], []);
        }

        DemandDistinct(bundle);
        var timestamped = bundle.Timestamped ?? bundle.Content.Signature;
        List<DateTimeOffset> stamped = [.. bundle.Timestamps.Select(t => TimestampVerifier.Verify(t, timestamped.Span, root)).OfType<DateTimeOffset>()];
        List<LogEntryFacts> entries = [.. bundle.LogEntries.Select(e => LogEntryVerifier.Verify(e, bundle.Format, root))];
        DemandLogWindows(bundle, entries, stamped, root, demands.Now);
        List<DateTimeOffset> times = [.. entries.Select(e => e.IntegratedTime).OfType<DateTimeOffset>(), .. stamped];
        if (certified)
        {
            DemandTime(bundle, times);
        }

        return (entries, times);
    }

    private static void DemandLogged(SigstoreBundle bundle, BundleDemands demands)
    {
        if (!demands.RequireTransparencyLog)
        {
            return;
        }

        if (demands.EffectiveRoot is null)
        {
            throw new VerificationException(VerificationStage.TrustedRoot, "trusted_root_missing", "A log entry is demanded, but no trusted root is given to verify it by.");
        }

        if (bundle.LogEntries.Count == 0)
        {
            throw new VerificationException(VerificationStage.TransparencyLog, "log_entry_missing", "The signature has no entry of a transparency log.");
        }
    }

    private static void DemandDistinct(SigstoreBundle bundle)
    {
        if (bundle.LogEntries.DistinctBy(e => (Convert.ToHexString(e.LogId), e.LogIndex)).Count() != bundle.LogEntries.Count)
        {
            throw new VerificationException(VerificationStage.TransparencyLog, "log_entry_duplicate", "A log entry is there twice.");
        }

        if (bundle.Timestamps.DistinctBy(Convert.ToBase64String).Count() != bundle.Timestamps.Count)
        {
            throw new VerificationException(VerificationStage.Timestamp, "timestamp_duplicate", "A timestamp is there twice.");
        }
    }

    // An entry whose log did not sign for a time is held against the times that others proved; without any, only a log that is still in use is believed.
    private static void DemandLogWindows(SigstoreBundle bundle, List<LogEntryFacts> facts, List<DateTimeOffset> stamped, TrustedRoot root, DateTimeOffset? now)
    {
        foreach (var (entry, _) in bundle.LogEntries.Zip(facts).Where(p => p.Second.IntegratedTime is null))
        {
            var log = LogEntryVerifier.DemandKnownLog(entry, root);
            stamped.ForEach(t => LogEntryVerifier.DemandWindow(log, t));
            if (stamped.Count == 0)
            {
                LogEntryVerifier.DemandInUse(log, now);
            }
        }
    }

    private static void DemandTime(SigstoreBundle bundle, List<DateTimeOffset> times)
    {
        if (times.Count > 0)
        {
            return;
        }

        throw bundle.Timestamps.Count > 0
            ? new VerificationException(VerificationStage.Timestamp, "timestamp_untrusted_authority", "No timestamp is by an authority of the trusted root.")
            : new VerificationException(VerificationStage.Timestamp, "verified_time_missing", "Nothing proves when the signature was made: neither a log's signed time nor a timestamp.");
    }

    private static CertificateFacts DemandCertificate(SigningCertificate certificate, IReadOnlyList<DateTimeOffset> times, KeylessSignatory signatory)
    {
        certificate.DemandPurpose();
        byte[] issuer = [];
        foreach (var time in times)
        {
            issuer = certificate.DemandTrusted(signatory.Root, time);
        }

        CertificateTransparency.Demand(certificate.Certificate, issuer, signatory.Root);
        var facts = CertificateFactsReader.Read(certificate.Certificate);
        DemandSubject(facts, signatory.Identity);
        DemandIssuer(facts, signatory.Identity);
        return facts;
    }

    private static void DemandSubject(CertificateFacts facts, CertificateIdentity identity)
    {
        if (!identity.Subject.Matches(facts.Subject))
        {
            throw new VerificationException(VerificationStage.Identity, "identity_mismatch", $"The certificate is of '{facts.Subject}', not of '{identity.Subject}'.");
        }
    }

    private static void DemandIssuer(CertificateFacts facts, CertificateIdentity identity)
    {
        if (facts.Issuer is null || !identity.Issuer.Matches(facts.Issuer))
        {
            throw new VerificationException(VerificationStage.Identity, "issuer_mismatch", $"The identity was vouched for by '{facts.Issuer}', not by '{identity.Issuer}'.");
        }
    }
}
