using System.Globalization;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Where Podman's and Docker's command lines differ. Everything else in this folder knows neither.</summary>
internal abstract class EngineDialect(PodmanOptions options)
{
    /// <summary>Label that marks our containers; its value is the runner's instance.</summary>
    internal const string SandboxLabel = "actors.sandbox";

    /// <summary>Label with the sandbox's id.</summary>
    internal const string IdLabel = "actors.id";

    /// <summary>Label with the end of its lifetime, ISO 8601 UTC.</summary>
    internal const string DeadlineLabel = "actors.deadline";

    /// <summary>Label with the runtime's short name.</summary>
    internal const string RuntimeLabel = "actors.runtime";

    /// <summary>Label with <see cref="SpecHash"/>.</summary>
    internal const string SpecLabel = "actors.spec";

    /// <summary>Label with the size in bytes at which the engine's log stops.</summary>
    internal const string LogBytesLabel = "actors.log-bytes";

    protected PodmanOptions Options { get; } = options;

    internal static EngineDialect For(PodmanOptions options) =>
        options.Engine == EngineKind.Docker ? new DockerDialect(options) : new PodmanDialect(options);

    /// <summary>The engine's name of the container.</summary>
    internal static string ContainerName(string id) => "actors-" + id;

    /// <summary>Asks with exit code 0 whether the image is here.</summary>
    internal abstract IReadOnlyList<string> ImageExists(string reference);

    /// <summary>Pulls by digest.</summary>
    internal abstract IReadOnlyList<string> Pull(string reference, bool insecure);

    /// <summary>Runs the container and stays connected to its three streams.</summary>
    internal abstract IReadOnlyList<string> StartAttached(string name, string runtime);

    /// <summary>Connects to a running container's stdin, without closing it at the end.</summary>
    internal abstract IReadOnlyList<string> Attach(string name);

    /// <summary>Kills and removes.</summary>
    internal abstract IReadOnlyList<string> Remove(string name);

    /// <summary>Creates without starting; <paramref name="deadline"/> goes into a label.</summary>
    internal IReadOnlyList<string> Create(SandboxSpec spec, SandboxEnvironment environment, DateTimeOffset deadline)
    {
        List<string> arguments = [.. Launching(spec.Runtime), "create", "--name", ContainerName(spec.Id), "--interactive", .. Hardening.Arguments(spec), .. Own(spec)];
        Label(SandboxLabel, Options.Instance);
        Label(IdLabel, spec.Id);
        Label(DeadlineLabel, deadline.ToString("O", CultureInfo.InvariantCulture));
        Label(RuntimeLabel, spec.Runtime);
        Label(SpecLabel, SpecHash.Of(spec));
        Label(LogBytesLabel, spec.LogBytes.ToString(CultureInfo.InvariantCulture));
        arguments.AddRange(["--env-file", "/dev/stdin"]);
        foreach (var name in environment.Process.Keys)
        {
            arguments.AddRange(["--env", name]);
        }

        arguments.Add(spec.Reference);
        arguments.AddRange(spec.Args);
        return arguments;

        void Label(string name, string value) => arguments.AddRange(["--label", $"{name}={value}"]);
    }

    /// <summary>What was written so far, and with <paramref name="follow"/> all that comes until the container ends.</summary>
    internal IReadOnlyList<string> Logs(string name, bool follow) => follow ? [.. Global, "logs", "--follow", name] : [.. Global, "logs", name];

    /// <summary>True when the output is in a file of conmon's form; else it is asked of the engine.</summary>
    internal abstract bool HasLogFile { get; }

    /// <summary>Full ids of this instance's containers, one per line.</summary>
    internal IReadOnlyList<string> List() => [.. Global, "ps", "--all", "--quiet", "--no-trunc", "--filter", $"label={SandboxLabel}={Options.Instance}"];

    /// <summary>One JSON object per line and container. The environment is left out on purpose: it holds secrets.</summary>
    internal IReadOnlyList<string> Inspect(IEnumerable<string> containers) =>
        [.. Global, "container", "inspect", "--format", InspectFormat, .. containers];

    /// <summary>One JSON object with the limits that the engine took and the names of the annotations; for <see cref="CreatedContainer.Fault"/>.</summary>
    internal IReadOnlyList<string> InspectCreated(string name) => [.. Global, "container", "inspect", "--format", CreatedFormat, name];

    /// <summary>Arguments before the command.</summary>
    protected abstract IReadOnlyList<string> Global { get; }

    /// <summary>Template of <see cref="Inspect"/>.</summary>
    protected abstract string InspectFormat { get; }

    /// <summary>Template of <see cref="InspectCreated"/>.</summary>
    protected abstract string CreatedFormat { get; }

    /// <summary>Arguments before the commands that run something under <paramref name="runtime"/>.</summary>
    protected abstract IReadOnlyList<string> Launching(string runtime);

    /// <summary>Arguments of create that only this engine has.</summary>
    protected abstract IReadOnlyList<string> Own(SandboxSpec spec);

    // Podman knows .Id only in this exact spelling, not as an argument of json. Only our own labels: an image brings its own, as many and as long as it likes.
    protected static string Template(string log, string directory)
    {
        string[] names = [SandboxLabel, IdLabel, DeadlineLabel, RuntimeLabel, LogBytesLabel, SpecLabel];
        var labels = string.Join(',', names.Select(n => $$$"""
            "{{{n}}}":{{json (index .Config.Labels "{{{n}}}")}}
            """));
        return $$$"""{"id":"{{.Id}}","name":{{json .Name}},"created":{{json .Created}},"state":{{json .State}},"labels":{ {{{labels}}} },"log":{{json {{{log}}}}},"directory":{{{directory}}}}""";
    }

    protected static string Created(string annotations) =>
        $$$"""{"memory":{{json .HostConfig.Memory}},"swap":{{json .HostConfig.MemorySwap}},"pids":{{json .HostConfig.PidsLimit}},"nanoCpus":{{json .HostConfig.NanoCpus}},"annotations":[{{{annotations}}}]}""";
}
