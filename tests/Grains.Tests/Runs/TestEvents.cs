using System.Text.Json;
using Actors.Grains.Runs;
using Actors.RunnerApi.Contracts;

namespace Actors.Grains.Tests.Runs;

/// <summary>Events as the outside world would send them.</summary>
internal static class TestEvents
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static Decision Admit(string image) => new()
    {
        Admitted = true,
        Image = image,
        Profile = "default",
        Reference = $"{image.Split(':')[0]}@sha256:{new string('a', 64)}",
        Digest = $"sha256:{new string('a', 64)}",
        Rule = "registry.test/**",
        PolicyRevision = "r1",
        DecidedAt = Start,
    };

    public static Decision Refuse(string image) => Admit(image) with { Admitted = false, Code = RefusalCodes.Unsigned, Reason = "no signature is attached" };

    public static ImageDecided Decided(string server, bool admitted = true) => new(Start, server, admitted ? Admit($"registry.test/{server}:1") : Refuse($"registry.test/{server}:1"));

    public static SandboxView View(string server, int attempt = 1, SandboxPhase phase = SandboxPhase.Ready, string? reason = null) => new()
    {
        Id = $"run-x-{server}-{attempt}",
        Phase = phase,
        ReasonCode = reason,
        ImageDigest = $"sha256:{new string('a', 64)}",
        PodName = $"actors-{server}",
        Runtime = "runsc",
        Server = new ServerIdentity(server, "1", "2025-11-25"),
        Evidence = new SandboxEvidence(),
    };

    public static SandboxLaunched Launched(string server, int attempt = 1, bool readOnly = false) =>
        new(Start, server, attempt, View(server, attempt), Admit($"registry.test/{server}:1"), [new ToolFacts(server == "first" ? "read" : "count", readOnly, Idempotent: false)]);

    public static CallAnswered Answered(string step, string structured, int attempt = 1) =>
        new(Start, step, attempt, JsonElement.Parse($$"""{"content":[],"structuredContent":{{structured}}}"""), 1.5);

    public static SandboxStopped Stopped(string server, int attempt = 1) => new(Start, server, attempt, View(server, attempt));
}
