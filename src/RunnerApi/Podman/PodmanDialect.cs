using System.Globalization;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Podman, with our wrappers as its conmon and runtimes.</summary>
internal sealed class PodmanDialect(PodmanOptions options) : EngineDialect(options)
{
    protected override IReadOnlyList<string> Global => Options.Root.Length == 0 ? [] : ["--root", Options.Root, "--runroot", Options.RunRoot];

    protected override string InspectFormat { get; } = Template(".HostConfig.LogConfig.Path", "{{json .StaticDir}}");

    protected override string CreatedFormat { get; } = Created("{{range $name, $value := .Config.Annotations}}{{json $name}},{{end}}null");

    internal override bool HasLogFile => true;

    internal override IReadOnlyList<string> ImageExists(string reference) => [.. Global, "image", "exists", reference];

    internal override IReadOnlyList<string> Pull(string reference, bool insecure) =>
        [.. Global, "pull", "--quiet", insecure ? "--tls-verify=false" : "--tls-verify=true", .. AuthFile, reference];

    private IReadOnlyList<string> AuthFile => Options.RegistryAuthFile.Length == 0 ? [] : ["--authfile=" + Options.RegistryAuthFile];

    // Empty detach keys: bytes of a message must never end the connection.
    internal override IReadOnlyList<string> StartAttached(string name, string runtime) =>
        [.. Launching(runtime), "start", "--attach", "--interactive", "--sig-proxy=false", "--detach-keys=", name];

    internal override IReadOnlyList<string> Attach(string name) => [.. Global, "attach", "--sig-proxy=false", "--detach-keys=", name];

    internal override IReadOnlyList<string> Remove(string name) => [.. Global, "rm", "--force", "--time", "0", "--volumes", "--ignore", name];

    protected override IReadOnlyList<string> Launching(string runtime)
    {
        List<string> arguments = [.. Global, "--conmon", Runtimes.Wrapper("conmon"), "--runtime", Runtimes.Wrapper(runtime)];
        if (runtime == Runtimes.Runsc)
        {
            arguments.AddRange(["--runtime-flag", "platform=" + Options.GvisorPlatform]);
        }

        return arguments;
    }

    // Without --systemd=false an image whose command looks like an init gets writable mounts.
    protected override IReadOnlyList<string> Own(SandboxSpec spec) =>
    [
        "--read-only-tmpfs=false",
        "--image-volume=ignore",
        "--no-hosts",
        "--http-proxy=false",
        "--systemd=false",
        "--timeout=" + ((long)Math.Ceiling(spec.Lifetime.TotalSeconds)).ToString(CultureInfo.InvariantCulture),
        "--log-driver=k8s-file",
        "--log-opt=max-size=" + spec.LogBytes.ToString(CultureInfo.InvariantCulture),
    ];
}
