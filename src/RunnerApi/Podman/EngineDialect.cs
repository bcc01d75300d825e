using System.Globalization;
using System.Text.Json.Nodes;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>Where Podman's and Docker's APIs differ. Everything else in this folder knows neither.</summary>
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

    /// <summary>True when the output is in a file of conmon's form; else it is asked of the engine.</summary>
    internal abstract bool HasLogFile { get; }

    /// <summary>Where the API is that runs something under <paramref name="runtime"/>; the caller disposes it.</summary>
    internal abstract IEngineSocket Socket(string runtime);

    /// <summary>Pulls by digest; null when the program has to, as only it has the credentials.</summary>
    internal abstract string? PullPath(string reference, bool insecure);

    /// <summary>Arguments of the program: pulls by digest.</summary>
    internal abstract IReadOnlyList<string> Pull(string reference, bool insecure);

    /// <summary>Arguments of the program: connects to a running container's stdin, without closing it at the end.</summary>
    internal abstract IReadOnlyList<string> Attach(string name);

    /// <summary>Arguments of the program: what was written so far, and with <paramref name="follow"/> all that comes until the container ends.</summary>
    internal IReadOnlyList<string> Logs(string name, bool follow) => follow ? [.. Storage, "logs", "--follow", name] : [.. Storage, "logs", name];

    /// <summary>Body of the request that creates without starting; <paramref name="deadline"/> goes into a label. It holds the environment, secrets included.</summary>
    internal JsonObject CreateBody(SandboxSpec spec, DateTimeOffset deadline) => Body(spec, new JsonObject
    {
        [SandboxLabel] = Options.Instance,
        [IdLabel] = spec.Id,
        [DeadlineLabel] = deadline.ToString("O", CultureInfo.InvariantCulture),
        [RuntimeLabel] = spec.Runtime,
        [SpecLabel] = SpecHash.Of(spec),
        [LogBytesLabel] = spec.LogBytes.ToString(CultureInfo.InvariantCulture),
    });

    /// <summary>Asks whether the image is here: not found when it is not.</summary>
    internal abstract string ImagePath(string reference);

    /// <summary>Creates a container of this name.</summary>
    internal string CreatePath(string name) => $"{Prefix}/containers/create?name={name}";

    /// <summary>Tells all about one container.</summary>
    internal string InspectPath(string container) => $"{Prefix}/containers/{container}/json";

    /// <summary>This instance's containers, whatever their state.</summary>
    internal string ListPath() =>
        $"{Prefix}/containers/json?all=true&filters={Uri.EscapeDataString(new JsonObject { ["label"] = new JsonArray($"{SandboxLabel}={Options.Instance}") }.ToJsonString())}";

    /// <summary>Connects to the three streams of a container that has not run; no bytes of a message may end the connection.</summary>
    internal string AttachPath(string name) => $"{Prefix}/containers/{name}/attach?stream=true&stdin=true&stdout=true&stderr=true&detachKeys=";

    /// <summary>Starts it.</summary>
    internal string StartPath(string name) => $"{Prefix}/containers/{name}/start";

    /// <summary>Kills and removes it with what it holds.</summary>
    internal string RemovePath(string name) => $"{Prefix}/containers/{name}?force=true&v=true{RemoveMore}";

    /// <summary>Arguments before each command of the program.</summary>
    protected virtual IReadOnlyList<string> Storage => [];

    /// <summary>Start of every path: the oldest version that has all we need.</summary>
    protected abstract string Prefix { get; }

    /// <summary>More of the removal's query.</summary>
    protected virtual string RemoveMore => "";

    /// <summary>The container in this engine's words.</summary>
    protected abstract JsonObject Body(SandboxSpec spec, JsonObject labels);

    protected static JsonArray Array(IEnumerable<string> items) => [.. items.Select(i => (JsonNode)JsonValue.Create(i))];
}
