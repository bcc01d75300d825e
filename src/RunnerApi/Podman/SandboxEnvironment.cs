using System.Collections.Frozen;
using System.Text;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>How a sandbox's variables reach the engine without a command line and without a file: one per line through the engine's stdin.
/// That form has no line breaks, so a value that holds one goes through the engine's own environment, under a name the engine does not read itself.</summary>
internal sealed class SandboxEnvironment
{
    private static readonly FrozenSet<string> EngineNames = FrozenSet.ToFrozenSet(
        ["PATH", "HOME", "SHELL", "USER", "LOGNAME", "TERM", "TZ", "ENV", "BASH_ENV", "IFS", "PWD", "LANG", "PS4", "GNUPGHOME",
         "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "GOROOT", "GOCOVERDIR", "RES_OPTIONS", "HOSTALIASES", "LOCALDOMAIN"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly string[] EnginePrefixes =
    [
        "LD_", "LC_", "GLIBC_", "MALLOC_", "XDG_", "TMP", "CONTAINER", "_CONTAINER", "DOCKER_", "PODMAN_", "BUILDAH_", "STORAGE_", "REGISTR",
        "SSL_CERT_", "NETAVARK_", "CNI_", "DBUS_", "LISTEN_", "NOTIFY_", "OCI_", "CGO", "LIBPOD", "OTEL_",
    ];

    private SandboxEnvironment(string input, IReadOnlyDictionary<string, string> process)
    {
        Input = input;
        Process = process;
    }

    /// <summary><c>NAME=value</c> lines for <c>--env-file /dev/stdin</c>.</summary>
    internal string Input { get; }

    /// <summary>Variables of the engine's process, each passed on with <c>--env NAME</c>.</summary>
    internal IReadOnlyDictionary<string, string> Process { get; }

    /// <exception cref="SandboxException"><see cref="SandboxFault.InvalidSpec"/>; the message names the variable, never a value.</exception>
    internal static SandboxEnvironment From(IReadOnlyDictionary<string, string> variables)
    {
        EnvironmentRules.Check(variables);
        var input = new StringBuilder();
        var process = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (value.AsSpan().IndexOfAny('\n', '\r') < 0)
            {
                input.Append(name).Append('=').Append(value).Append('\n');
            }
            else if (IsReadByTheEngine(name))
            {
                throw Invalid($"The variable '{name}' steers the engine itself, so its value cannot hold a line break; use another name or encode the value.");
            }
            else
            {
                process.Add(name, value);
            }
        }

        return new SandboxEnvironment(input.ToString(), process);
    }

    private static bool IsReadByTheEngine(string name) =>
        EngineNames.Contains(name)
        || name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)
        || Array.Exists(EnginePrefixes, p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase));

    private static SandboxException Invalid(string message) => new(SandboxFault.InvalidSpec, message);
}
