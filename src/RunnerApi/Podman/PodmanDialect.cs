using System.Text.Json.Nodes;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Podman's own API, with our wrappers as its conmon and runtimes.</summary>
internal sealed class PodmanDialect(PodmanOptions options) : EngineDialect(options)
{
    internal override bool HasLogFile => true;

    protected override string Prefix => "/v4.0.0/libpod";

    protected override string RemoveMore => "&timeout=0";

    protected override IReadOnlyList<string> Storage => Options.Root.Length == 0 ? [] : ["--root", Options.Root, "--runroot", Options.RunRoot];

    private IReadOnlyList<string> AuthFile => Options.RegistryAuthFile.Length == 0 ? [] : ["--authfile=" + Options.RegistryAuthFile];

    // Podman's API heeds no such file, and what it takes instead loses identity tokens or goes to mirrors too.
    private bool HasAuthFile => Options.RegistryAuthFile.Length > 0 || Environment.GetEnvironmentVariable("REGISTRY_AUTH_FILE") is { Length: > 0 };

    internal override IEngineSocket Socket(string runtime) => new PodmanService(Options, Launching(runtime));

    internal override string ImagePath(string reference) => $"{Prefix}/images/{reference}/exists";

    internal override string? PullPath(string reference, bool insecure) =>
        HasAuthFile ? null : $"{Prefix}/images/pull?quiet=true&tlsVerify={(insecure ? "false" : "true")}&reference={Uri.EscapeDataString(reference)}";

    internal override IReadOnlyList<string> Pull(string reference, bool insecure) =>
        [.. Storage, "pull", "--quiet", insecure ? "--tls-verify=false" : "--tls-verify=true", .. AuthFile, reference];

    // Empty detach keys: bytes of a message must never end the connection.
    internal override IReadOnlyList<string> Attach(string name) => [.. Storage, "attach", "--sig-proxy=false", "--detach-keys=", name];

    /// <summary>Arguments before the command that serves the API: they hold for all that it runs.</summary>
    internal IReadOnlyList<string> Launching(string runtime)
    {
        List<string> arguments = [.. Storage, "--conmon", Runtimes.Wrapper("conmon"), "--runtime", Runtimes.Wrapper(runtime)];
        if (runtime == Runtimes.Runsc)
        {
            arguments.AddRange(["--runtime-flag", "platform=" + Options.GvisorPlatform]);
        }

        return arguments;
    }

    // Without systemd "false" an image whose command looks like an init gets writable mounts.
    protected override JsonObject Body(SandboxSpec spec, JsonObject labels) => new()
    {
        ["name"] = ContainerName(spec.Id),
        ["image"] = spec.Reference,
        ["command"] = Array(spec.Args),
        ["env"] = new JsonObject(spec.Env.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)e.Value))),
        ["labels"] = labels,
        ["stdin"] = true,
        ["user"] = Hardening.User,
        ["hostname"] = Hardening.HostName,
        ["netns"] = new JsonObject { ["nsmode"] = "none" },
        ["cap_drop"] = Array(["all"]),
        ["no_new_privileges"] = true,
        ["read_only_filesystem"] = true,
        ["read_write_tmpfs"] = false,
        ["image_volume_mode"] = "ignore",
        ["mounts"] = new JsonArray(new JsonObject
        {
            ["type"] = "tmpfs",
            ["source"] = "tmpfs",
            ["destination"] = Hardening.TmpPath,
            ["options"] = Array(Hardening.TmpOptions),
        }),
        ["shm_size"] = Hardening.ShmBytes,
        ["use_image_hosts"] = true,
        ["httpproxy"] = false,
        ["systemd"] = "false",
        ["restart_policy"] = "no",
        ["healthconfig"] = new JsonObject { ["Test"] = Array(["NONE"]) },
        ["timeout"] = (long)Math.Ceiling(spec.Lifetime.TotalSeconds),
        ["log_configuration"] = new JsonObject { ["driver"] = "k8s-file", ["size"] = spec.LogBytes },
        ["r_limits"] = new JsonArray([.. Hardening.Ulimits(spec).Select(l => new JsonObject { ["type"] = l.Name, ["soft"] = l.Most, ["hard"] = l.Most })]),
        ["resource_limits"] = new JsonObject
        {
            ["memory"] = new JsonObject { ["limit"] = spec.MemoryBytes, ["swap"] = spec.MemoryBytes },
            ["pids"] = new JsonObject { ["limit"] = Hardening.HostTasks(spec) },
            ["cpu"] = new JsonObject { ["period"] = Hardening.CpuPeriod, ["quota"] = (long)spec.CpuMillis * Hardening.CpuPeriod / 1000 },
        },
    };
}
