using Actors.RunnerApi.Podman;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

/// <summary>Argument lists and rules, without an engine. Docker's are checked here only.</summary>
public sealed class EngineDialectTests
{
    private static readonly DateTimeOffset Deadline = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly SandboxSpec Spec = new()
    {
        Id = "run-1",
        Reference = "registry.example:5000/team/server@sha256:" + new string('a', 64),
        Args = ["--flag", "value; rm -rf /"],
        Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["TOKEN"] = "hidden", ["KEY"] = "hidden\nhidden" },
        Runtime = "runsc",
        CpuMillis = 500,
        MemoryBytes = 64 * 1024 * 1024,
        Pids = 10,
        Lifetime = TimeSpan.FromSeconds(1.2),
        OutputBytes = 1000,
    };

    public static TheoryData<string> PodmanOnly => new("--conmon", "--image-volume", "--timeout", "--tls-verify", "--http-proxy", "--read-only-tmpfs", "--no-hosts", "--systemd", "--runtime-flag", "--root", "--ignore", "--time", "--authfile");

    [Theory]
    [InlineData(EngineKind.Podman)]
    [InlineData(EngineKind.Docker)]
    public void Create_EitherEngine_HardensAndKeepsValuesOffTheCommandLine(EngineKind engine)
    {
        var arguments = Dialect(engine).Create(Spec, SandboxEnvironment.From(Spec.Env), Deadline);

        foreach (var flag in new[]
        {
            "--user=65532:65532", "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only", "--network=none", "--pull=never", "--restart=no", "--no-healthcheck",
            "--tmpfs=/tmp:rw,nosuid,nodev,noexec,size=16m", "--memory=67108864", "--memory-swap=67108864", "--cpus=0.5", "--pids-limit=164", "--ulimit=nproc=10:10", "--interactive",
        })
        {
            Assert.Contains(flag, arguments);
        }

        Assert.DoesNotContain(arguments, a => a.Contains("hidden", StringComparison.Ordinal));
        Assert.DoesNotContain(arguments, a => a.Contains("privileged", StringComparison.Ordinal) || a.Contains("seccomp", StringComparison.Ordinal) || a.Contains("--volume", StringComparison.Ordinal));
        Assert.Equal([Spec.Reference, .. Spec.Args], arguments.TakeLast(3));
        Assert.Contains("actors.deadline=2030-01-02T03:04:05.0000000+00:00", arguments);
        Assert.Contains("actors.sandbox=default", arguments);
    }

    [Theory]
    [MemberData(nameof(PodmanOnly))]
    public void EveryCommand_OfDocker_LacksWhatOnlyPodmanHas(string flag)
    {
        var docker = Dialect(EngineKind.Docker);
        var all = new[]
        {
            docker.Create(Spec, SandboxEnvironment.From(Spec.Env), Deadline), docker.Pull(Spec.Reference, insecure: true), docker.StartAttached("n", "runsc"),
            docker.Attach("n"), docker.Remove("n"), docker.Logs("n", follow: true), docker.List(), docker.Inspect(["n"]), docker.ImageExists(Spec.Reference),
        };
        Assert.DoesNotContain(all.SelectMany(a => a), a => a == flag || a.StartsWith(flag + "=", StringComparison.Ordinal));
    }

    [Fact]
    public void Create_Podman_UsesTheWrappersAndEndsTheLifetimeItself()
    {
        var arguments = Dialect(EngineKind.Podman).Create(Spec, SandboxEnvironment.From(Spec.Env), Deadline);

        Assert.Equal(["--conmon", Runtimes.Wrapper("conmon"), "--runtime", Runtimes.Wrapper("runsc"), "--runtime-flag", "platform=ptrace", "create"], arguments.Take(7));
        Assert.Contains("--timeout=2", arguments);
    }

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

    [Fact]
    public void From_ValuesWithAndWithoutLineBreaks_TakeTheirWay()
    {
        var environment = SandboxEnvironment.From(Spec.Env);

        Assert.Equal("TOKEN=hidden\n", environment.Input);
        Assert.Equal("hidden\nhidden", Assert.Single(environment.Process).Value);
        Assert.Equal("PATH=/x\n", SandboxEnvironment.From(One("PATH", "/x")).Input);
    }

    [Theory]
    [InlineData("PATH", "a\nb")]
    [InlineData("LD_PRELOAD", "a\nb")]
    [InlineData("containers_conf", "a\nb")]
    [InlineData("HTTPS_PROXY", "a\rb")]
    [InlineData("1X", "a")]
    [InlineData("A B", "a")]
    [InlineData("A*", "a")]
    [InlineData("A\n", "a")]
    [InlineData("", "a")]
    [InlineData("NUL", "a\0b")]
    public void From_WhatCouldSteerTheEngine_IsRefusedWithoutTheValue(string name, string value)
    {
        var e = Assert.Throws<SandboxException>(() => SandboxEnvironment.From(One(name, value)));
        Assert.Equal(SandboxFault.InvalidSpec, e.Fault);
        Assert.DoesNotContain("a\nb", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void From_TooMuch_IsRefused()
    {
        Assert.Throws<SandboxException>(() => SandboxEnvironment.From(One("BIG", new string('x', EnvironmentRules.MaxValueBytes + 1))));
        Assert.Throws<SandboxException>(() => SandboxEnvironment.From(Enumerable.Range(0, 129).ToDictionary(n => $"V{n}", _ => "", StringComparer.Ordinal)));
        Assert.Throws<SandboxException>(() => SandboxEnvironment.From(Enumerable.Range(0, 9).ToDictionary(n => $"V{n}", _ => new string('x', 32 * 1024), StringComparer.Ordinal)));
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

    private static EngineDialect Dialect(EngineKind engine) => EngineDialect.For(new PodmanOptions { Engine = engine, Instance = "default" });

    private static Dictionary<string, string> One(string name, string value) => new(StringComparer.Ordinal) { [name] = value };
}
