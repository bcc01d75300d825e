using System.Text;
using System.Text.RegularExpressions;
using Actors.RunnerApi.Configuration;

namespace Actors.RunnerApi.Sessions;

/// <summary>Secrets by name, one file each; values stay in memory for as long as a sandbox that got them.</summary>
internal sealed partial class SecretStore(RunnerOptions options)
{
    private const int LargestSecret = 64 * 1024;
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>True for a name that can't leave the directory.</summary>
    public static bool IsName(string name) => NamePattern().IsMatch(name);

    /// <summary>The value without its last line break.</summary>
    /// <exception cref="RunnerProblem">422: no such secret, or not usable as an environment variable.</exception>
    public string Read(string name)
    {
        if (!IsName(name) || options.SecretsDirectory.Length == 0)
        {
            throw RunnerProblem.UnknownSecret($"There is no secret '{name}'; put it into a file of that name in Actors:Runner:SecretsDirectory.");
        }

        try
        {
            using var handle = File.OpenHandle(Path.Combine(options.SecretsDirectory, name));
            var buffer = new byte[LargestSecret + 1];
            var length = RandomAccess.Read(handle, buffer, 0);
            var value = length <= LargestSecret ? s_strict.GetString(buffer, 0, length) : throw Unusable(name);
            value = value.EndsWith("\r\n", StringComparison.Ordinal) ? value[..^2] : value.EndsWith('\n') ? value[..^1] : value;
            return value.Length > 0 && !value.Contains('\0', StringComparison.Ordinal) ? value : throw Unusable(name);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw RunnerProblem.UnknownSecret($"There is no readable secret '{name}'; put it into a file of that name in Actors:Runner:SecretsDirectory.");
        }
        catch (DecoderFallbackException)
        {
            throw Unusable(name);
        }
    }

    private static RunnerProblem Unusable(string name) =>
        RunnerProblem.UnknownSecret($"Secret '{name}' must be UTF-8 text of 1 to {LargestSecret} bytes without NUL.");

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,127}\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NamePattern();
}
