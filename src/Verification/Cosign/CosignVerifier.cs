using System.Globalization;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Cryptography;
using Actors.Verification.Oci;

namespace Actors.Verification.Cosign;

/// <summary>What looking for a signature gave.</summary>
/// <param name="Code">A code of <see cref="RefusalCodes"/>; null when a signature verified.</param>
/// <param name="Reason">The sentence to that code.</param>
/// <param name="Evidence">One entry per signature that was looked at.</param>
internal sealed record SignatureOutcome(string? Code, string? Reason, IReadOnlyList<DecisionEvidence> Evidence);

/// <summary>Looks for a signature by a trusted key in cosign's tag layout: tag <c>sha256-HEX.sig</c> in the image's repository, one layer per signature.
/// The first one that verifies settles it; those that do not are evidence only, wherever they stand.</summary>
internal sealed class CosignVerifier(OciClient client)
{
    /// <summary>Name of the check in evidence.</summary>
    public const string Check = "cosign_signature";

    /// <summary>Most signatures of one image.</summary>
    public const int MaxSignatures = 20;

    /// <summary>Most bytes of a signed payload.</summary>
    public const int MaxPayloadBytes = 1024 * 1024;

    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";
    private const int MaxSignatureChars = 4096;

    /// <summary>Verifies against exactly this digest. Registry failures that hide the signature list are <see cref="RegistryException"/>.</summary>
    public async Task<SignatureOutcome> VerifyAsync(OciRepository repository, OciDigest digest, IReadOnlyList<TrustedKey> keys, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(repository);
        ArgumentNullException.ThrowIfNull(digest);
        ArgumentNullException.ThrowIfNull(keys);
        var tag = $"sha256-{digest.Hex}.sig";
        OciManifest list;
        try
        {
            list = await client.GetManifestAsync(repository, tag, cancellationToken);
        }
        catch (RegistryException e) when (e.Fault == RegistryFault.NotFound)
        {
            var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["tag"] = tag, ["why"] = "the tag does not exist" };
            return new SignatureOutcome(
                RefusalCodes.Unsigned,
                $"No signature is attached to {repository}@{digest}. Sign it with {Names(keys)} and push the signature as tag {tag}.",
                [new DecisionEvidence(Check, Passed: false, facts)]);
        }

        return await VerifyListAsync(new Search(repository, digest, keys, list.Digest), list, cancellationToken);
    }

    private async Task<SignatureOutcome> VerifyListAsync(Search search, OciManifest list, CancellationToken cancellationToken)
    {
        var layers = Layers(list);
        if (layers.Count > MaxSignatures)
        {
            throw new RegistryException(
                RegistryFault.Protocol,
                $"{search.Repository}@{search.Digest} has {layers.Count} signatures, more than the {MaxSignatures} that are looked at. Remove those that are not needed.");
        }

        var evidence = new List<DecisionEvidence>();
        RegistryException? unavailable = null;
        for (var i = 0; i < layers.Count; i++)
        {
            var facts = search.FactsOf(i);
            try
            {
                var (key, why) = await VerifyLayerAsync(search, layers[i], facts, cancellationToken);
                evidence.Add(Search.Finding(facts, key, why));
                if (key is not null)
                {
                    return new SignatureOutcome(Code: null, Reason: null, evidence);
                }
            }
            catch (RegistryException e)
            {
                // The payload of one signature cannot be had: that must not hide a good one.
                unavailable ??= e.Fault == RegistryFault.Unavailable ? e : null;
                evidence.Add(Search.Finding(facts, key: null, e.Message));
            }
        }

        return Refusal(search, evidence, unavailable);
    }

    private async Task<(TrustedKey? Key, string? Why)> VerifyLayerAsync(Search search, JsonElement layer, Dictionary<string, string> facts, CancellationToken cancellationToken)
    {
        if (!OciDescriptor.TryRead(layer, out var descriptor))
        {
            return (null, "its descriptor lacks a mediaType, a sha256 digest or a size");
        }

        facts["payload"] = descriptor.Digest.ToString();
        if (descriptor.MediaType != OciMediaTypes.SimpleSigning)
        {
            return (null, $"its mediaType is not {OciMediaTypes.SimpleSigning}");
        }

        if (descriptor.Annotation(SignatureAnnotation) is not { } text || !StrictBase64.TryDecode(text, MaxSignatureChars, out var signature))
        {
            return (null, $"its annotation {SignatureAnnotation} is missing or not base64");
        }

        var payload = await client.GetBlobAsync(search.Repository, descriptor, MaxPayloadBytes, cancellationToken);
        if (search.Keys.FirstOrDefault(k => k.Verify(payload, signature)) is not { } key)
        {
            return (null, "it is not by a key of the rule, or its payload was changed");
        }

        // Only bytes that a trusted key signed are parsed.
        var fault = SimpleSigningPayload.FaultFor(search.Digest, payload);
        return fault is null ? (key, null) : (null, fault);
    }

    private static SignatureOutcome Refusal(Search search, List<DecisionEvidence> evidence, RegistryException? unavailable)
    {
        if (unavailable is not null)
        {
            return new SignatureOutcome(RefusalCodes.RegistryUnavailable, unavailable.Message, evidence);
        }

        var first = evidence.Count == 0 ? "the list is empty" : "the first: " + evidence[0].Facts["why"];
        return new SignatureOutcome(
            RefusalCodes.SignatureInvalid,
            $"None of the {evidence.Count} signatures of {search.Repository}@{search.Digest} verifies ({first.TrimEnd('.')}). Sign this digest with {Names(search.Keys)}.",
            evidence);
    }

    private static List<JsonElement> Layers(OciManifest list) =>
        list.Root.TryGetProperty("layers", out var layers) && layers.ValueKind == JsonValueKind.Array ? [.. layers.EnumerateArray()] : [];

    private static string Names(IReadOnlyList<TrustedKey> keys) => string.Join(" or ", keys.Select(k => k.Name));

    private sealed record Search(OciRepository Repository, OciDigest Digest, IReadOnlyList<TrustedKey> Keys, OciDigest List)
    {
        public Dictionary<string, string> FactsOf(int index) => new(StringComparer.Ordinal)
        {
            ["format"] = "cosign_simplesigning",
            ["manifest"] = List.ToString(),
            ["index"] = index.ToString(CultureInfo.InvariantCulture),
        };

        public static DecisionEvidence Finding(Dictionary<string, string> facts, TrustedKey? key, string? why)
        {
            if (key is not null)
            {
                facts["key"] = key.Name;
                facts["key_fingerprint"] = key.Fingerprint;
            }
            else
            {
                facts["why"] = why ?? "";
            }

            return new DecisionEvidence(Check, key is not null, facts);
        }
    }
}
