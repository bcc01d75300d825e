namespace Actors.Verification.Sigstore;

/// <summary>Which part of verification failed. The command line and evidence print the snake_case name.</summary>
internal enum VerificationStage
{
    Bundle,
    Key,
    Certificate,
    SignedCertificateTimestamp,
    TransparencyLog,
    Timestamp,
    Identity,
    Signature,
    Payload,
    Artifact,
    TrustedRoot,
}

/// <summary>What was handed in does not verify.</summary>
/// <param name="stage">The part that failed.</param>
/// <param name="code">Stable snake_case name of the check.</param>
/// <param name="message">A sentence for people; may hold text from the bundle, so print it escaped.</param>
internal sealed class VerificationException(VerificationStage stage, string code, string message) : Exception(message)
{
    public VerificationStage Stage { get; } = stage;

    public string Code { get; } = code;

    /// <summary>The stage as it is printed, such as <c>transparency_log</c>.</summary>
    public string StageName => Name(Stage);

    public static string Name(VerificationStage stage) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(stage.ToString());
}
