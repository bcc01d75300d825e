using System.Globalization;
using System.Text.Json.Nodes;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Docker. What it lacks: no lifetime of its own (the runner's reaper ends a sandbox), a log that rotates instead of stopping,
/// and an image's volumes become anonymous ones, which are removed with the container.</summary>
internal sealed class DockerDialect(PodmanOptions options) : EngineDialect(options)
{
    internal override bool HasLogFile => false;

    protected override string Prefix => "/v1.40";

    internal override IEngineSocket Socket(string runtime) => new DockerSocket();

    internal override string ImagePath(string reference) => $"{Prefix}/images/{reference}/json";

    // The daemon has no logins: they are the program's.
    internal override string? PullPath(string reference, bool insecure) => null;

    // Whether a registry may be plain HTTP is the daemon's own setting; credentials are those of the user's own configuration.
    internal override IReadOnlyList<string> Pull(string reference, bool insecure) => ["pull", "--quiet", reference];

    internal override IReadOnlyList<string> Attach(string name) => ["attach", "--sig-proxy=false", name];

    // Without StdinOnce a client that leaves does not close the container's stdin.
    protected override JsonObject Body(SandboxSpec spec, JsonObject labels) => new()
    {
        ["Image"] = spec.Reference,
        ["Cmd"] = Array(spec.Args),
        ["Env"] = Array(spec.Env.Select(e => $"{e.Key}={e.Value}")),
        ["Labels"] = labels,
        ["OpenStdin"] = true,
        ["StdinOnce"] = false,
        ["User"] = Hardening.User,
        ["Hostname"] = Hardening.HostName,
        ["Healthcheck"] = new JsonObject { ["Test"] = Array(["NONE"]) },
        ["HostConfig"] = new JsonObject
        {
            ["Runtime"] = spec.Runtime,
            ["NetworkMode"] = "none",
            ["CapDrop"] = Array(["ALL"]),
            ["SecurityOpt"] = Array(["no-new-privileges"]),
            ["ReadonlyRootfs"] = true,
            ["Tmpfs"] = new JsonObject { [Hardening.TmpPath] = string.Join(',', Hardening.TmpOptions) },
            ["ShmSize"] = Hardening.ShmBytes,
            ["RestartPolicy"] = new JsonObject { ["Name"] = "no" },
            ["Memory"] = spec.MemoryBytes,
            ["MemorySwap"] = spec.MemoryBytes,
            ["NanoCpus"] = spec.CpuMillis * 1_000_000L,
            ["PidsLimit"] = Hardening.HostTasks(spec),
            ["Ulimits"] = new JsonArray([.. Hardening.Ulimits(spec).Select(l => new JsonObject { ["Name"] = l.Name, ["Soft"] = l.Most, ["Hard"] = l.Most })]),
            ["LogConfig"] = new JsonObject
            {
                ["Type"] = "json-file",
                ["Config"] = new JsonObject { ["max-size"] = spec.LogBytes.ToString(CultureInfo.InvariantCulture), ["max-file"] = "1" },
            },
        },
    };
}
