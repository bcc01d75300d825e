using System.Text.Json.Nodes;
using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>Requests, arguments and rules, without an engine. Docker's are checked here only.</summary>
public sealed class EngineDialectTests
{
    private static readonly DateTimeOffset Deadline = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly SandboxSpec Spec = new()
    {
        Id = "run-1",
        Reference = "registry.example:5000/team/server@sha256:" + new string('a', 64),
        Args = ["--flag", "value; rm -rf /"],
        Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = "hidden", ["PATH"] = "hidden\nhidden" },
        Runtime = "runsc",
        CpuMillis = 500,
        MemoryBytes = 64 * 1024 * 1024,
        Pids = 10,
        Lifetime = TimeSpan.FromSeconds(1.2),
        OutputBytes = 1000,
    };

    [Fact]
    public void CreateBody_Podman_HardensAndEndsTheLifetimeItself()
    {
        var body = Dialect(EngineKind.Podman).CreateBody(Spec, Deadline);

        Assert.Equal("actors-run-1", (string?)body["name"]);
        Assert.Equal(Spec.Reference, (string?)body["image"]);
        Assert.Equal("""["--flag","value; rm -rf /"]""", body["command"]!.ToJsonString());
        Assert.Equal("65532:65532", (string?)body["user"]);
        Assert.Equal("""{"nsmode":"none"}""", body["netns"]!.ToJsonString());
        Assert.Equal("""["all"]""", body["cap_drop"]!.ToJsonString());
        Assert.True((bool)body["no_new_privileges"]! && (bool)body["read_only_filesystem"]! && (bool)body["stdin"]!);
        Assert.False((bool)body["read_write_tmpfs"]! || (bool)body["httpproxy"]!);
        Assert.Equal("ignore", (string?)body["image_volume_mode"]);
        Assert.Equal(2, (long)body["timeout"]!);
        Assert.Equal("""{"memory":{"limit":67108864,"swap":67108864},"pids":{"limit":164},"cpu":{"period":100000,"quota":50000}}""", body["resource_limits"]!.ToJsonString());
        Assert.Contains("""{"type":"nproc","soft":10,"hard":10}""", body["r_limits"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("""["rw","nosuid","nodev","noexec","size=16m"]""", body["mounts"]!.AsArray().Single()!["options"]!.ToJsonString());
        Assert.Equal("hidden\nhidden", (string?)body["env"]!["PATH"]);
        AssertLabels(body["labels"]!);
        Assert.DoesNotContain("privileged\":true", body.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void CreateBody_Docker_HardensTheSame()
    {
        var body = Dialect(EngineKind.Docker).CreateBody(Spec, Deadline);
        var host = body["HostConfig"]!;

        Assert.Equal(Spec.Reference, (string?)body["Image"]);
        Assert.Equal("65532:65532", (string?)body["User"]);
        Assert.True((bool)body["OpenStdin"]! && !(bool)body["StdinOnce"]! && (bool)host["ReadonlyRootfs"]!);
        Assert.Equal("none", (string?)host["NetworkMode"]);
        Assert.Equal("runsc", (string?)host["Runtime"]);
        Assert.Equal("""["ALL"]""", host["CapDrop"]!.ToJsonString());
        Assert.Equal("""["no-new-privileges"]""", host["SecurityOpt"]!.ToJsonString());
        Assert.Equal("rw,nosuid,nodev,noexec,size=16m", (string?)host["Tmpfs"]!["/tmp"]);
        Assert.Equal((67108864, 67108864, 164, 500_000_000), ((long)host["Memory"]!, (long)host["MemorySwap"]!, (long)host["PidsLimit"]!, (long)host["NanoCpus"]!));
        Assert.Contains("""{"Name":"nproc","Soft":10,"Hard":10}""", host["Ulimits"]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Contains("TOKEN=hidden", body["Env"]!.AsArray().Select(e => (string?)e));
        AssertLabels(body["Labels"]!);
    }

    [Theory]
    [InlineData(EngineKind.Podman)]
    [InlineData(EngineKind.Docker)]
    public void EveryPathAndArgument_OfEitherEngine_KeepsValuesOut(EngineKind engine)
    {
        var dialect = Dialect(engine);
        string[] all =
        [
            dialect.CreatePath("n"), dialect.InspectPath("n"), dialect.ListPath(), dialect.AttachPath("n"), dialect.StartPath("n"), dialect.RemovePath("n"), dialect.ImagePath(Spec.Reference),
            dialect.PullPath(Spec.Reference, insecure: true) ?? "", .. dialect.Pull(Spec.Reference, insecure: true), .. dialect.Attach("n"), .. dialect.Logs("n", follow: true),
        ];
        Assert.DoesNotContain(all, a => a.Contains("hidden", StringComparison.Ordinal));
        Assert.All(all.Take(6), p => Assert.StartsWith(engine == EngineKind.Podman ? "/v4.0.0/libpod/containers/" : "/v1.40/containers/", p, StringComparison.Ordinal));
    }

    [Fact]
    public void Launching_Podman_UsesTheWrappers() => Assert.Equal(
        ["--conmon", Runtimes.Wrapper("conmon"), "--runtime", Runtimes.Wrapper("runsc"), "--runtime-flag", "platform=ptrace"],
        new PodmanDialect(new PodmanOptions { Instance = "default" }).Launching("runsc"));

    [Theory]
    [InlineData(EngineKind.Podman, "/etc/actors/auth.json", "--authfile=/etc/actors/auth.json")]
    [InlineData(EngineKind.Podman, "", null)]
    [InlineData(EngineKind.Docker, "/etc/actors/auth.json", null)]
    public void Pull_WithTheGatesCredentials_NamesTheFileAlone(EngineKind engine, string file, string? flag)
    {
        var arguments = EngineDialect.For(new PodmanOptions { Engine = engine, Instance = "default", RegistryAuthFile = file }).Pull(Spec.Reference, insecure: false);

        Assert.Equal(flag, arguments.SingleOrDefault(a => a.Contains("auth", StringComparison.Ordinal)));
        Assert.Equal(Spec.Reference, arguments[^1]);
    }

    [Theory]
    [InlineData(EngineKind.Podman, "", true, "false")]
    [InlineData(EngineKind.Podman, "", false, "true")]
    [InlineData(EngineKind.Podman, "/etc/actors/auth.json", false, null)]
    [InlineData(EngineKind.Docker, "", false, null)]
    public void PullPath_WhereTheApiKnowsTheCredentials_ChecksTlsByThePolicy(EngineKind engine, string file, bool insecure, string? verifies)
    {
        var path = EngineDialect.For(new PodmanOptions { Engine = engine, Instance = "default", RegistryAuthFile = file }).PullPath(Spec.Reference, insecure);

        Assert.Equal(verifies is null ? null : $"/v4.0.0/libpod/images/pull?quiet=true&tlsVerify={verifies}&reference={Uri.EscapeDataString(Spec.Reference)}", path);
    }

    [Theory]
    [InlineData("1X", "a")]
    [InlineData("A B", "a")]
    [InlineData("A*", "a")]
    [InlineData("A\n", "a")]
    [InlineData("", "a")]
    [InlineData("NUL", "a\0b")]
    public void Check_NameOrValueThatIsNone_IsRefusedWithoutTheValue(string name, string value)
    {
        var e = Assert.Throws<SandboxException>(() => EnvironmentRules.Check(One(name, value)));
        Assert.Equal(SandboxFault.InvalidSpec, e.Fault);
        Assert.DoesNotContain("a\0b", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_TooMuch_IsRefused()
    {
        Assert.Throws<SandboxException>(() => EnvironmentRules.Check(One("BIG", new string('x', EnvironmentRules.MaxValueBytes + 1))));
        Assert.Throws<SandboxException>(() => EnvironmentRules.Check(Enumerable.Range(0, 129).ToDictionary(n => $"V{n}", _ => "", StringComparer.Ordinal)));
        Assert.Throws<SandboxException>(() => EnvironmentRules.Check(Enumerable.Range(0, 9).ToDictionary(n => $"V{n}", _ => new string('x', 32 * 1024), StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData(SandboxRuntime.Auto, "/usr/bin/runsc,/usr/sbin/runc", "runsc")]
    [InlineData(SandboxRuntime.Auto, "/usr/sbin/runc", "runc")]
    [InlineData(SandboxRuntime.Runsc, "/usr/sbin/runc", null)]
    [InlineData(SandboxRuntime.Runc, "/usr/bin/runsc", null)]
    [InlineData(SandboxRuntime.Auto, "/home/me/runsc", null)]
    public void Resolve_InstalledRuntimes_DecideTheName(SandboxRuntime wanted, string installed, string? expected) =>
        Assert.Equal(expected, Runtimes.Resolve(wanted, installed.Split(',').Contains));

    [Theory]
    [InlineData("Max processes             96365                96365                processes ", "32768", 32768)]
    [InlineData("Max processes             100                  200                  processes ", "32768", 200)]
    [InlineData("Max processes             unlimited            unlimited            processes ", "4194304", 4194304)]
    [InlineData("", "", 4194304)]
    public void Parse_HostLimits_TakesTheLowerOne(string limits, string pidMax, long expected) => Assert.Equal(expected, HostLimits.Parse([limits], [pidMax]));

    private static void AssertLabels(JsonNode labels)
    {
        Assert.Equal("2030-01-02T03:04:05.0000000+00:00", (string?)labels["actors.deadline"]);
        Assert.Equal("default", (string?)labels["actors.sandbox"]);
        Assert.Equal("run-1", (string?)labels["actors.id"]);
    }

    private static EngineDialect Dialect(EngineKind engine) => EngineDialect.For(new PodmanOptions { Engine = engine, Instance = "default" });

    private static Dictionary<string, string> One(string name, string value) => new(StringComparer.Ordinal) { [name] = value };
}
