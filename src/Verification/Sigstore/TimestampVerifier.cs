using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;

namespace Actors.Verification.Sigstore;

/// <summary>Verifies RFC 3161 responses over a signature's bytes. Only the lowest certificate of a trusted authority may have signed, in that authority's window.</summary>
internal static class TimestampVerifier
{
    private static readonly Oid TimestampingPurpose = new("1.3.6.1.5.5.7.3.8");
    private static readonly string[] ImprintHashes = ["2.16.840.1.101.3.4.2.1", "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"];

    /// <summary>The proven time; null when no trusted authority signed, so that the response proves nothing. Throws when one signed, yet it does not hold for this signature.</summary>
    public static DateTimeOffset? Verify(byte[] response, ReadOnlySpan<byte> signature, TrustedRoot root)
    {
        ArgumentNullException.ThrowIfNull(root);
        var token = Decode(response);
        DemandImprintHash(token);
        var authorities = root.TimestampAuthorities.Where(a => IsNamedBy(token, a)).ToList();
        if (authorities.Count == 0)
        {
            return null;
        }

        var time = token.TokenInfo.Timestamp;
        var authority = DemandWindow(authorities, time);
        DemandImprint(token, signature);
        DemandSignature(token, authority);
        DemandSigner(authority);
        DemandChain(authority, time);
        return time;
    }

    private static Rfc3161TimestampToken Decode(byte[] response)
    {
        try
        {
            var token = TokenOf(response);
            return Rfc3161TimestampToken.TryDecode(token, out var decoded, out _)
                ? decoded
                : throw Fault("timestamp_malformed", "A timestamp response is malformed.");
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException)
        {
            throw Fault("timestamp_malformed", "A timestamp response is malformed.");
        }
    }

    private static ReadOnlyMemory<byte> TokenOf(byte[] response)
    {
        var reader = new AsnReader(response, AsnEncodingRules.BER);
        var sequence = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        var granted = sequence.ReadSequence().TryReadInt32(out var status) && status is 0 or 1;
        return granted ? sequence.ReadEncodedValue() : throw Fault("timestamp_not_granted", "A timestamp response says that the timestamp was not granted.");
    }

    private static void DemandImprintHash(Rfc3161TimestampToken token)
    {
        if (!ImprintHashes.Contains(token.TokenInfo.HashAlgorithmId.Value, StringComparer.Ordinal))
        {
            throw Fault("timestamp_hash_unsupported", "A timestamp hashes with another algorithm than SHA-256, SHA-384 and SHA-512.");
        }
    }

    // The name in the token only selects the authority; its certificate then has to verify.
    private static bool IsNamedBy(Rfc3161TimestampToken token, TrustedAuthority authority)
    {
        try
        {
            // A token that was decoded has exactly one signer.
            return token.AsSignedCms().SignerInfos[0].SignerIdentifier.MatchesCertificate(authority.Lowest);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static TrustedAuthority DemandWindow(List<TrustedAuthority> authorities, DateTimeOffset time) =>
        authorities.Find(a => a.Window.Contains(time))
        ?? throw Fault("timestamp_outside_authority_window", $"The timestamp of {time:u} is outside the validity of its authority '{authorities[0].Name}' in the trusted root.");

    private static void DemandImprint(Rfc3161TimestampToken token, ReadOnlySpan<byte> signature)
    {
        var digest = token.TokenInfo.HashAlgorithmId.Value == ImprintHashes[0] ? SHA256.HashData(signature)
            : token.TokenInfo.HashAlgorithmId.Value == ImprintHashes[1] ? SHA384.HashData(signature)
            : SHA512.HashData(signature);
        if (!token.TokenInfo.GetMessageHash().Span.SequenceEqual(digest))
        {
            throw Fault("timestamp_imprint_mismatch", "The timestamp is of another signature.");
        }
    }

    // Checks the token's own signature, that it names this very certificate, and the certificate's purpose.
    private static void DemandSignature(Rfc3161TimestampToken token, TrustedAuthority authority)
    {
        X509Certificate2? signer = null;
        var sound = false;
        try
        {
            sound = token.VerifySignatureForHash(token.TokenInfo.GetMessageHash().Span, token.TokenInfo.HashAlgorithmId, out signer, [authority.Lowest]);
        }
        catch (CryptographicException)
        {
            // As unsound as a signature that does not verify.
        }

        if (!sound || !signer!.RawDataMemory.Span.SequenceEqual(authority.Lowest.RawDataMemory.Span))
        {
            throw Fault("timestamp_signature_invalid", $"The timestamp is not signed by its authority '{authority.Name}'.");
        }
    }

    // A key that issues certificates is not one that stamps.
    private static void DemandSigner(TrustedAuthority authority)
    {
        if (authority.Lowest.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority))
        {
            throw Fault("timestamp_signer_is_authority", $"The timestamp is signed by a certificate authority's key of '{authority.Name}', not by a signer's.");
        }
    }

    private static void DemandChain(TrustedAuthority authority, DateTimeOffset time)
    {
        if (!authority.HoldsAt(time, TimestampingPurpose))
        {
            throw Fault("timestamp_chain_invalid", $"The certificates of timestamp authority '{authority.Name}' were not valid at {time:u}.");
        }
    }

    private static VerificationException Fault(string code, string message) => new(VerificationStage.Timestamp, code, message);
}
