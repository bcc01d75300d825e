using System.CommandLine;
using Actors.Verification.Sigstore;

namespace Actors.Cli.Commands;

/// <summary><c>actors verify-bundle</c>: verifies a Sigstore bundle without network.</summary>
internal static class VerifyBundleCommand
{
    public const string Name = "verify-bundle";

    private const string Description = """
        Verify a Sigstore bundle for an artifact, offline. Exit code 0: verified, 1: not verified, 2: wrong use.
        What failed is printed as 'error: STAGE: MESSAGE (CODE)'; STAGE is one of bundle, key, certificate,
        signed_certificate_timestamp, transparency_log, timestamp, identity, signature, payload, artifact, trusted_root.
        """;

    public static Command Create(TimeProvider? time = null)
    {
        var staging = new Option<bool>("--staging") { Description = "Trust Sigstore's staging instance instead of the public one." };
        var bundle = new Option<string>("--bundle") { Description = "The bundle.", Required = true };
        var identity = new Option<string?>("--certificate-identity") { Description = "The signer's exact identity: URI or email address." };
        var issuer = new Option<string?>("--certificate-oidc-issuer") { Description = "The exact OIDC issuer that vouched for the identity." };
        var key = new Option<string?>("--key") { Description = "Verify by this PEM public key instead of an identity." };
        var root = new Option<string?>("--trusted-root") { Description = "Trust this trusted_root.json instead of the one inside the program." };
        var artifact = new Argument<string>("FILE_OR_DIGEST") { Description = "The artifact, or sha256: and 64 hex digits." };
        var command = new Command(Name, Description) { staging, bundle, identity, issuer, key, root, artifact };
        command.Validators.Add(result =>
        {
            var byIdentity = result.GetValue(identity) is not null && result.GetValue(issuer) is not null;
            var anyIdentity = result.GetValue(identity) is not null || result.GetValue(issuer) is not null;
            if (result.GetValue(key) is null ? !byIdentity : anyIdentity)
            {
                result.AddError("Give either --key, or both --certificate-identity and --certificate-oidc-issuer.");
            }
        });
        command.SetAction(parsed => Run(
            new BundleCheck(
                parsed.GetValue(bundle)!,
                parsed.GetValue(artifact)!,
                parsed.GetValue(identity),
                parsed.GetValue(issuer),
                parsed.GetValue(key),
                parsed.GetValue(root),
                parsed.GetValue(staging)),
            (time ?? TimeProvider.System).GetUtcNow(),
            parsed.InvocationConfiguration));
        return command;
    }

    /// <summary>The exit code of an invocation: wrong use is told apart from a bundle that does not verify.</summary>
    public static int ExitCode(ParseResult parsed, int code)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        return parsed.CommandResult.Command.Name == Name && parsed.Errors.Count > 0 ? ExitCodes.Usage : code;
    }

    private static int Run(BundleCheck check, DateTimeOffset now, InvocationConfiguration console)
    {
        if (check.Snapshot is { } snapshot && snapshot.IsOld(now))
        {
            console.Error.WriteLine($"warning: trust_root_old: the trusted root inside the program is of {snapshot.SnapshotAt:yyyy-MM-dd}. Name a current one with --trusted-root (see docs/operations.md), or update the program.");
        }

        try
        {
            var verified = check.Run(now);
            console.Output.WriteLine(Terminal.Safe($"verified: {verified.Format}, signed by {verified.Certificate?.Subject ?? verified.Key?.Fingerprint}"));
            return ExitCodes.Ok;
        }
        catch (VerificationException e)
        {
            console.Error.WriteLine(Terminal.Safe($"error: {e.StageName}: {e.Message} ({e.Code})"));
            return ExitCodes.Error;
        }
    }
}
