using System.Text;
using System.Text.RegularExpressions;

namespace Actors.RunnerApi.Sandboxes;

/// <summary>What a sandbox's variables may be, whatever the engine.</summary>
internal static partial class EnvironmentRules
{
    /// <summary>Most variables.</summary>
    internal const int MaxCount = 128;

    /// <summary>Most bytes of one value.</summary>
    internal const int MaxValueBytes = 32 * 1024;

    /// <summary>Most bytes of all names and values.</summary>
    internal const int MaxTotalBytes = 256 * 1024;

    /// <exception cref="SandboxException"><see cref="SandboxFault.InvalidSpec"/>; the message names the variable, never a value.</exception>
    internal static void Check(IReadOnlyDictionary<string, string> variables)
    {
        if (variables.Count > MaxCount)
        {
            throw Invalid($"A sandbox takes at most {MaxCount} environment variables, not {variables.Count}; pass fewer.");
        }

        var total = variables.Sum(v => Check(v.Key, v.Value));
        if (total > MaxTotalBytes)
        {
            throw Invalid($"The environment takes {total} bytes, over the limit of {MaxTotalBytes}; pass less.");
        }
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

    private static SandboxException Invalid(string message) => new(SandboxFault.InvalidSpec, message);

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*\\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NameForm();
}
