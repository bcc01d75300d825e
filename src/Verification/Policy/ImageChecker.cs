using System.Collections.Concurrent;
using System.Globalization;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Oci;
using Actors.Verification.Cosign;

namespace Actors.Verification.Policy;

/// <summary>Resolves an image once and verifies the digest that came back. Registry failures and the deadline are results, not exceptions.
/// Identical checks that run at the same time are one check.</summary>
internal sealed class ImageChecker(OciClient client, CosignVerifier verifier, VerifiedImageCache cache, PolicyOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<CheckKey, Lazy<Task<ImageCheck>>> _running = new();

    /// <summary>Checks under a rule that has requirements; cancelling leaves the check to those who wait for it too.</summary>
    public Task<ImageCheck> CheckAsync(ImageReference image, RegistryRule rule, string profile, string policyRevision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(rule);
        var key = new CheckKey(image.Name, image.Digest?.ToString() ?? image.Tag!, profile, policyRevision, rule.Pattern.Text);
        var shared = _running.GetOrAdd(key, k => new Lazy<Task<ImageCheck>>(() => RunAsync(k, image, rule)));
        return shared.Value.WaitAsync(cancellationToken);
    }

    private async Task<ImageCheck> RunAsync(CheckKey key, ImageReference image, RegistryRule rule)
    {
        try
        {
            using var deadline = new CancellationTokenSource(options.Deadline, time);
            return await ResolveAndVerifyAsync(key, image, rule, deadline.Token);
        }
        finally
        {
            _running.TryRemove(key, out _);
        }
    }

    private async Task<ImageCheck> ResolveAndVerifyAsync(CheckKey key, ImageReference image, RegistryRule rule, CancellationToken cancellationToken)
    {
        if (image.Digest is { } asked && cache.Find(key) is { } hit)
        {
            return FromCache(asked, hit, ResolveFacts(image, asked, hit.MediaType, cached: true));
        }

        var repository = new OciRepository(image.Host, image.Repository, rule.Insecure);
        OciDigest? digest = null;
        var evidence = new List<DecisionEvidence>();
        try
        {
            var manifest = image.Digest is { } pinned
                ? await client.GetManifestAsync(repository, pinned, cancellationToken)
                : await client.GetManifestAsync(repository, image.Tag!, cancellationToken);
            digest = manifest.Digest;
            evidence.Add(ResolveFacts(image, digest, manifest.MediaType, cached: false));
            var digestKey = key with { Selector = digest.ToString() };
            if (cache.Find(digestKey) is { } known)
            {
                return FromCache(digest, known, evidence[0]);
            }

            var outcome = await verifier.VerifyAsync(repository, digest, rule.Require!.AnyKey, cancellationToken);
            if (outcome.Code is null)
            {
                cache.Add(digestKey, new VerifiedImage(manifest.MediaType, outcome.Evidence, time.GetUtcNow()));
            }

            return new ImageCheck(digest, outcome.Code, outcome.Reason, [.. evidence, .. outcome.Evidence]);
        }
        catch (RegistryException e)
        {
            return Failed(digest, CodeOf(e.Fault), e.Message, evidence);
        }
        catch (OperationCanceledException)
        {
            var seconds = options.Deadline.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            return Failed(digest, RefusalCodes.RegistryUnavailable, $"{image.Host} did not give all that is needed to check {image} within {seconds} s. Check the registry, or raise Actors:Runner:DecisionSeconds.", evidence);
        }
    }

    private static ImageCheck Failed(OciDigest? digest, string code, string reason, List<DecisionEvidence> evidence)
    {
        var check = digest is null ? "resolve" : CosignVerifier.Check;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["why"] = reason };
        return new ImageCheck(digest, code, reason, [.. evidence, new DecisionEvidence(check, Passed: false, facts)]);
    }

    private static ImageCheck FromCache(OciDigest digest, VerifiedImage image, DecisionEvidence resolve)
    {
        var verifiedAt = image.VerifiedAt.ToString("O", CultureInfo.InvariantCulture);
        var signatures = image.Signatures.Select(e => e with { Facts = new Dictionary<string, string>(e.Facts, StringComparer.Ordinal) { ["verified_at"] = verifiedAt } });
        return new ImageCheck(digest, Code: null, Reason: null, [resolve, .. signatures]);
    }

    private static DecisionEvidence ResolveFacts(ImageReference image, OciDigest digest, string mediaType, bool cached) =>
        new("resolve", Passed: true, new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["by"] = image.Digest is null ? "tag" : "digest",
            ["asked"] = image.Digest?.ToString() ?? image.Tag!,
            ["digest"] = digest.ToString(),
            ["media_type"] = mediaType,
            ["from"] = cached ? "cache" : "registry",
        });

    private static string CodeOf(RegistryFault fault) => fault switch
    {
        RegistryFault.NotFound => RefusalCodes.ImageNotFound,
        RegistryFault.Unavailable or RegistryFault.Unauthorized or RegistryFault.Deadline or RegistryFault.Credentials => RefusalCodes.RegistryUnavailable,
        _ => RefusalCodes.RegistryProtocol,
    };
}
