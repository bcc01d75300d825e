using System.Collections.Concurrent;
using System.Globalization;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Cosign;
using Actors.Verification.Oci;

namespace Actors.Verification.Policy;

/// <summary>Resolves an image once and verifies the digest that came back. Registry failures and the deadline are results, not exceptions.
/// Identical checks that run at the same time are one check; how many different ones of a registry run is bounded.</summary>
internal sealed class ImageChecker(IImageSource source, VerifiedImageCache cache, PolicyOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<CheckKey, Lazy<Task<ImageCheck>>> _running = new();

    // One per registry, so that a slow one holds up no other; the policy's rules name all of them.
    private readonly ConcurrentDictionary<string, CheckSlots> _slots = new(StringComparer.Ordinal);

    /// <summary>Checks an image; cancelling leaves the check to those who wait for it too.</summary>
    /// <exception cref="GateBusyException">Too many others are being checked.</exception>
    public Task<ImageCheck> CheckAsync(CheckRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var shared = _running.GetOrAdd(request.Key, key => new Lazy<Task<ImageCheck>>(() => RunAsync(key, request)));
        return shared.Value.WaitAsync(cancellationToken);
    }

    private async Task<ImageCheck> RunAsync(CheckKey key, CheckRequest request)
    {
        try
        {
            if (request.Image.Digest is { } asked && cache.Find(request.Key) is { } hit)
            {
                return FromCache(hit, ResolveFacts(request.Image, asked, hit.Image, hit.MediaType, "cache"));
            }

            var slots = _slots.GetOrAdd(request.Image.Host, _ => new CheckSlots(options, time));
            await slots.TakeAsync();
            try
            {
                using var deadline = new CancellationTokenSource(options.Deadline, time);
                return await CheckAtSourceAsync(request, deadline.Token);
            }
            finally
            {
                slots.Release();
            }
        }
        finally
        {
            _running.TryRemove(key, out _);
        }
    }

    private async Task<ImageCheck> CheckAtSourceAsync(CheckRequest request, CancellationToken cancellationToken)
    {
        var evidence = new List<DecisionEvidence>();
        OciDigest? digest = null;
        try
        {
            var resolved = await source.ResolveAsync(request.Repository, request.Image.Tag, request.Image.Digest, request.Platform, cancellationToken);
            digest = resolved.Image.Digest;
            evidence.Add(ResolveFacts(request.Image, resolved.Top.Digest, digest, resolved.Top.MediaType, "registry"));
            return await CheckResolvedAsync(request, resolved, evidence, cancellationToken);
        }
        catch (RegistryException e)
        {
            return Failed(digest, new Refusal(Refusal.CodeOf(e.Fault), e.Message), evidence);
        }
        catch (OperationCanceledException)
        {
            var seconds = options.Deadline.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            var reason = $"{request.Image.Host} did not give all that is needed to check {request.Image} within {seconds} s. Check the registry, or raise Actors:Runner:DecisionSeconds.";
            return Failed(digest, new Refusal(RefusalCodes.RegistryUnavailable, reason), evidence);
        }
    }

    private async Task<ImageCheck> CheckResolvedAsync(CheckRequest request, ResolvedImage resolved, List<DecisionEvidence> evidence, CancellationToken cancellationToken)
    {
        var digest = resolved.Image.Digest;
        if (FindDenied(request.Policy, resolved.Top.Digest, digest) is { } denied)
        {
            return new ImageCheck(digest, Denied(denied, evidence), evidence);
        }

        var key = request.KeyOf(resolved.Top.Digest.ToString());
        if (cache.Find(key) is { } known && known.Image == digest)
        {
            return FromCache(known, evidence[0]);
        }

        // A signature of the index covers its children; what runs comes from the index's own bytes.
        var attachments = new Attachments(source, request.Signatures, resolved.Top.Digest, elsewhere: request.Rule.Signatures is not null);
        var checker = new RequirementChecker(attachments, request.Image.Name, resolved.Top.Digest, time);
        var refusal = await checker.CheckAsync(request.Rule.Require!, cancellationToken);
        checker.Evidence.Malformed(attachments.Malformed);
        evidence.AddRange(checker.Evidence.Items);
        if (refusal is null)
        {
            cache.Add(key, new VerifiedImage(digest, resolved.Top.MediaType, checker.Evidence.Items, time.GetUtcNow()));
        }

        return new ImageCheck(digest, refusal, evidence, LacksOnlyDemands: true);
    }

    private static OciDigest? FindDenied(PolicyDocument policy, params OciDigest[] digests) => Array.Find(digests, policy.DeniedDigests.Contains);

    private static Refusal Denied(OciDigest digest, List<DecisionEvidence> evidence)
    {
        evidence.Add(new DecisionEvidence("deny_list", Passed: false, new Dictionary<string, string>(StringComparer.Ordinal) { ["digest"] = digest.ToString() }));
        return new Refusal(RefusalCodes.DigestDenied, $"The policy's deny list names {digest}. Use an image that was not revoked, or take it off the list.");
    }

    private static ImageCheck Failed(OciDigest? digest, Refusal refusal, List<DecisionEvidence> evidence)
    {
        var check = digest is null ? "resolve" : CandidateEvidence.Signature;
        var facts = new Dictionary<string, string>(StringComparer.Ordinal) { ["why"] = refusal.Reason };
        return new ImageCheck(digest, refusal, [.. evidence, new DecisionEvidence(check, Passed: false, facts)], LacksOnlyDemands: digest is not null);
    }

    private static ImageCheck FromCache(VerifiedImage image, DecisionEvidence resolve)
    {
        var verifiedAt = image.VerifiedAt.ToString("O", CultureInfo.InvariantCulture);
        var found = image.Evidence.Select(e => e with { Facts = new Dictionary<string, string>(e.Facts, StringComparer.Ordinal) { ["verified_at"] = verifiedAt } });
        return new ImageCheck(image.Image, Refusal: null, [resolve, .. found]);
    }

    private static DecisionEvidence ResolveFacts(ImageReference image, OciDigest top, OciDigest runs, string mediaType, string from)
    {
        var facts = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["by"] = image.Digest is null ? "tag" : "digest",
            ["asked"] = image.Digest?.ToString() ?? image.Tag!,
            ["digest"] = top.ToString(),
            ["media_type"] = mediaType,
            ["from"] = from,
        };
        if (top != runs)
        {
            facts["platform_digest"] = runs.ToString();
        }

        return new DecisionEvidence("resolve", Passed: true, facts);
    }
}
