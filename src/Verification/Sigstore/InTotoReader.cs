using System.Text.Json;

namespace Actors.Verification.Sigstore;

/// <summary>Reads in-toto statements of version 0.1 and 1.</summary>
internal static class InTotoReader
{
    private const string Malformed = "statement_malformed";
    private const int MaxSubjects = 1024;
    private const int MaxDigests = 16;

    /// <summary>Throws <see cref="VerificationException"/> (stage payload).</summary>
    public static InTotoStatement Read(ReadOnlyMemory<byte> payload)
    {
        var statement = JsonCursor.Parse(payload, "statement", SigstoreBundle.MaxBytes, VerificationStage.Payload, Malformed);
        if (statement.Required("_type").Text() is not ("https://in-toto.io/Statement/v1" or "https://in-toto.io/Statement/v0.1"))
        {
            throw new VerificationException(VerificationStage.Payload, "statement_type_unsupported", "The payload is no in-toto statement of version 0.1 or 1.");
        }

        var subjects = statement.Required("subject").Items(MaxSubjects);
        return new InTotoStatement(
            statement.Required("predicateType").Text(),
            [.. subjects.Select(ReadSubject)],
            statement.Optional("predicate")?.Element ?? default);
    }

    private static InTotoSubject ReadSubject(JsonCursor subject)
    {
        var digest = subject.Required("digest");
        if (digest.Element.ValueKind != JsonValueKind.Object || digest.Element.GetPropertyCount() is 0 or > MaxDigests)
        {
            throw digest.Fault($"is no object of 1 to {MaxDigests} digests");
        }

        return new InTotoSubject(subject.Optional("name")?.Text(), ReadDigests(digest));
    }

    // Names are well-formed: the strict parser has compared them.
    private static Dictionary<string, string> ReadDigests(JsonCursor digest) =>
        digest.Element.EnumerateObject().ToDictionary(m => m.Name, m => digest.Required(m.Name).Text(), StringComparer.Ordinal);
}
