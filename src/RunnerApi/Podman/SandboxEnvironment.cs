using System.Collections.Frozen;
using System.Text;
using System.Text.RegularExpressions;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>How a sandbox's variables reach the engine without a command line and without a file: one per line through the engine's stdin.
/// That form has no line breaks, so a value that holds one goes through the engine's own environment, under a name the engine does not read itself.</summary>
internal sealed partial class SandboxEnvironment
{
    /// <summary>Most variables.</summary>
    internal const int MaxCount = 128;

    /// <summary>Most bytes of one value; the engine's line reader stops at 64 KiB.</summary>
    internal const int MaxValueBytes = 32 * 1024;

    /// <summary>Most bytes of all names and values.</summary>
    internal const int MaxTotalBytes = 256 * 1024;

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
        if (variables.Count > MaxCount)
        {
            throw Invalid($"A sandbox takes at most {MaxCount} environment variables, not {variables.Count}; pass fewer.");
        }

        var input = new StringBuilder();
        var process = new Dictionary<string, string>(StringComparer.Ordinal);
        var total = 0;
        foreach (var (name, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            total += Check(name, value);
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

        return total <= MaxTotalBytes
            ? new SandboxEnvironment(input.ToString(), process)
            : throw Invalid($"The environment takes {total} bytes, over the limit of {MaxTotalBytes}; pass less.");
    }

    private static int Check(string name, string value)
    {
        if (name.Length > 128 || !NameForm().IsMatch(name))
        {
            throw Invalid("An environment variable's name must be 1 to 128 characters of A-Z, a-z, 0-9 and '_', not starting with a digit.");
        }

        var bytes = Encoding.UTF8.GetByteCount(value);
        if (bytes > MaxValueBytes || value.Contains('\0', StringComparison.Ordinal))
        {
            throw Invalid($"The value of the variable '{name}' must be at most {MaxValueBytes} bytes without NUL.");
        }

        return bytes + name.Length;
    }

    private static bool IsReadByTheEngine(string name) =>
        EngineNames.Contains(name)
        || name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)
        || Array.Exists(EnginePrefixes, p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase));

    private static SandboxException Invalid(string message) => new(SandboxFault.InvalidSpec, message);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*\\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NameForm();
}
