using System.Security.Cryptography;
using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>Verifies the signature itself and that it is of this artifact.</summary>
internal static class ContentVerifier
{
    /// <summary>Code: what is known of the artifact does not suffice.</summary>
    public const string BytesNeeded = "artifact_bytes_needed";

    private const string InTotoPayload = "application/vnd.in-toto+json";

    /// <summary>Throws unless the key signed the content.</summary>
    public static void DemandSignature(SignedContent content, ArtifactDigest artifact, TrustedPublicKey key)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        ArgumentNullException.ThrowIfNull(key);
        var sound = content switch
        {
            DsseEnvelope envelope => key.Verify(envelope.SignedBytes(), envelope.Signature),
            MessageSignature message => VerifyMessage(message, artifact, key),
            _ => false,
        };
        if (!sound)
        {
            throw new VerificationException(VerificationStage.Signature, "signature_invalid", "The signature is not by the signer's key, or is of other content.");
        }
    }

    /// <summary>Throws unless the digest that the bundle announces is the artifact's.</summary>
    public static void DemandDigest(SignedContent content, ArtifactDigest artifact)
    {
        ArgumentNullException.ThrowIfNull(artifact);
        if (content is MessageSignature { DigestAlgorithm: { } algorithm, Digest: { } digest }
            && artifact.Digest(algorithm) is { } actual && !actual.AsSpan().SequenceEqual(digest))
        {
            throw new VerificationException(VerificationStage.Artifact, "artifact_digest_mismatch", "The bundle is of another artifact.");
        }
    }

    /// <summary>The statement in an envelope, null for a message signature. Throws unless the artifact is one of its subjects.</summary>
    public static InTotoStatement? DemandStatement(SignedContent content, ArtifactDigest artifact)
    {
        if (content is not DsseEnvelope envelope)
        {
            return null;
        }

        DemandPayloadType(envelope);
        var statement = InTotoReader.Read(envelope.Payload);
        DemandSubject(statement, artifact);
        return statement;
    }

    /// <summary>Throws unless the statement is of the demanded type; else a mere list of parts by the same signer would pass for a signature.</summary>
    public static void DemandPredicateType(InTotoStatement? statement, string? demanded)
    {
        if (demanded is not null && statement?.PredicateType != demanded)
        {
            var actual = statement is null ? "no statement at all" : $"'{statement.PredicateType}'";
            throw new VerificationException(VerificationStage.Payload, "predicate_type_mismatch", $"The signature is of {actual}, not of predicate type '{demanded}'.");
        }
    }

    private static void DemandPayloadType(DsseEnvelope envelope)
    {
        if (envelope.PayloadType != InTotoPayload)
        {
            throw new VerificationException(VerificationStage.Payload, "payload_type_unsupported", $"The envelope's payloadType is not {InTotoPayload}, so it names no artifact.");
        }
    }

    private static void DemandSubject(InTotoStatement statement, ArtifactDigest artifact)
    {
        var matches = statement.Subjects.Select(s => artifact.Compare(s.Digests)).ToHashSet();
        if (matches.Contains(DigestMatch.Same))
        {
            return;
        }

        if (matches.Contains(DigestMatch.NeedsBytes))
        {
            throw new VerificationException(VerificationStage.Artifact, BytesNeeded, "The statement names its subject by another digest than SHA-256, so the artifact's bytes are needed.");
        }

        throw new VerificationException(VerificationStage.Artifact, "subject_mismatch", $"No subject of the statement has the digest sha256:{artifact.Hex}.");
    }

    private static bool VerifyMessage(MessageSignature message, ArtifactDigest artifact, TrustedPublicKey key)
    {
        if (artifact.DigestsBy(key.Hashes).Any(d => key.VerifyDigest(d.Digest, d.Algorithm, message.Signature)))
        {
            return true;
        }

        if (artifact.HasBytes)
        {
            return key.Kind == PublicKeyKind.Ed25519 && key.Verify(artifact.ReadBytes().Span, message.Signature);
        }

        // A key that signs over another hash may have signed this artifact: its SHA-256 does not tell.
        if (key.Hashes[0] != HashAlgorithmName.SHA256)
        {
            throw new VerificationException(VerificationStage.Artifact, BytesNeeded, $"The signature is not over the artifact's SHA-256; a key of kind {key.Kind} signs over {key.Hashes[0]}, so the artifact's bytes are needed.");
        }

        return false;
    }
}
