using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Actors.RunnerApi.Podman;

/// <summary>Reports every fault of <see cref="PodmanOptions"/> at once, each with its key and environment variable.</summary>
internal sealed partial class PodmanOptionsValidator : IValidateOptions<PodmanOptions>
{
    private static readonly string[] Platforms = ["ptrace", "systrap", "kvm"];

    public ValidateOptionsResult Validate(string? name, PodmanOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> faults = [];
        Check(faults, Enum.IsDefined(options.Engine), "engine", "must be podman or docker");
        Check(faults, InstanceForm().IsMatch(options.Instance), "instance", "must be 1 to 63 characters of a-z, 0-9 and '-', starting with a letter or digit");
        Check(faults, Array.IndexOf(Platforms, options.GvisorPlatform) >= 0, "gvisorPlatform", "must be ptrace, systrap or kvm");
        Check(faults, IsProgram(options.Path), "path", "must be an absolute path or a bare program name");
        Check(faults, options.Root.Length == 0 || Path.IsPathRooted(options.Root), "root", "must be an absolute path");
        Check(faults, options.RunRoot.Length == 0 || Path.IsPathRooted(options.RunRoot), "runRoot", "must be an absolute path");
        Check(faults, options.Root.Length == 0 == (options.RunRoot.Length == 0), "runRoot", "must be set together with sandbox:root");
        Check(faults, options.CommandTimeoutSeconds is >= 1 and <= 600, "commandTimeoutSeconds", "must be 1 to 600");
        Check(faults, options.StartTimeoutSeconds is >= 1 and <= 600, "startTimeoutSeconds", "must be 1 to 600");
        Check(faults, options.PullTimeoutSeconds is >= 1 and <= 3600, "pullTimeoutSeconds", "must be 1 to 3600");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static bool IsProgram(string path) => path.Length == 0 || Path.IsPathRooted(path) || !path.Contains('/', StringComparison.Ordinal);

    private static void Check(List<string> faults, bool holds, string key, string rule)
    {
        if (!holds)
        {
            faults.Add($"{PodmanOptions.Section}:{key} ({PodmanOptions.Section}__{key}) {rule}.");
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}\\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex InstanceForm();
}
