using System.Globalization;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Docker. What it lacks: no lifetime of its own (the runner's reaper ends a sandbox), a log that rotates instead of stopping,
/// and an image's volumes become anonymous ones, which are removed with the container.</summary>
internal sealed class DockerDialect(PodmanOptions options) : EngineDialect(options)
{
    protected override IReadOnlyList<string> Global => [];

    protected override string InspectFormat { get; } = Template(".LogPath", "\"\"");

    // Docker takes no annotation from an image.
    protected override string CreatedFormat { get; } = Created("null");

    internal override bool HasLogFile => false;

    internal override IReadOnlyList<string> ImageExists(string reference) => ["image", "inspect", "--format", "{{.Id}}", reference];

    // Whether a registry may be plain HTTP is the daemon's own setting; credentials are those of the user's own configuration.
    internal override IReadOnlyList<string> Pull(string reference, bool insecure) => ["pull", "--quiet", reference];

    internal override IReadOnlyList<string> StartAttached(string name, string runtime) => ["start", "--attach", "--interactive", name];

    internal override IReadOnlyList<string> Attach(string name) => ["attach", "--sig-proxy=false", name];

    internal override IReadOnlyList<string> Remove(string name) => ["rm", "--force", "--volumes", name];

    protected override IReadOnlyList<string> Launching(string runtime) => [];

    // Stdin is left out of the attached streams: with it, Docker would close the container's stdin after the first client.
    protected override IReadOnlyList<string> Own(SandboxSpec spec) =>
    [
        "--runtime=" + spec.Runtime,
        "--attach=stdout",
        "--attach=stderr",
        "--log-driver=json-file",
        "--log-opt=max-size=" + spec.LogBytes.ToString(CultureInfo.InvariantCulture),
        "--log-opt=max-file=1",
    ];
}
