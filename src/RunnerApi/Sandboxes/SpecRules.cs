using System.Text;
using System.Text.RegularExpressions;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sandboxes;

/// <summary>What a spec must hold before anything of it reaches an engine.</summary>
internal static partial class SpecRules
{
    private const int MaxArguments = 256;
    private const int MaxArgumentBytes = 32 * 1024;
    private const int MaxAllArgumentBytes = 256 * 1024;
    private const long MostOutput = 1L << 40;

    /// <exception cref="SandboxException"><see cref="SandboxFault.InvalidSpec"/>.</exception>
    internal static void Check(SandboxSpec spec)
    {
        CheckId(spec.Id);
        Require(spec.Reference.Length <= 512 && ReferenceForm().IsMatch(spec.Reference), "The reference must be host/repository@sha256:<64 hex digits>; resolve the tag to its digest first.");
        Require(spec.CpuMillis is >= SandboxLimits.LeastCpuMillis and <= SandboxLimits.MostCpuMillis, $"CpuMillis must be {SandboxLimits.LeastCpuMillis} to {SandboxLimits.MostCpuMillis}.");
        Require(spec.MemoryBytes is >= SandboxLimits.LeastMemoryBytes and <= SandboxLimits.MostMemoryBytes, $"MemoryBytes must be {SandboxLimits.LeastMemoryBytes} to {SandboxLimits.MostMemoryBytes}.");
        Require(spec.Pids is >= 1 and <= SandboxLimits.MostPids, $"Pids must be 1 to {SandboxLimits.MostPids}.");
        Require(spec.Lifetime > TimeSpan.Zero && spec.Lifetime <= TimeSpan.FromDays(30), "Lifetime must be more than zero and at most 30 days.");
        Require(spec.OutputBytes is >= 1 and <= MostOutput, $"OutputBytes must be 1 to {MostOutput}.");
        Require(
            spec.Args.Count <= MaxArguments
            && spec.Args.All(a => Encoding.UTF8.GetByteCount(a) <= MaxArgumentBytes && !a.Contains('\0', StringComparison.Ordinal))
            && spec.Args.Sum(Encoding.UTF8.GetByteCount) <= MaxAllArgumentBytes,
            $"Args must be at most {MaxArguments} of {MaxArgumentBytes} bytes, {MaxAllArgumentBytes} together, without NUL.");
    }

    /// <exception cref="SandboxException"><see cref="SandboxFault.InvalidSpec"/>.</exception>
    internal static void CheckId(string id) =>
        Require(id.Length is >= 1 and <= 128 && IdForm().IsMatch(id), "A sandbox's id must be 1 to 128 characters of a-z, 0-9 and '-', starting with a letter or digit.");

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new SandboxException(SandboxFault.InvalidSpec, message);
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]*\\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex IdForm();

    [GeneratedRegex("^(?:[A-Za-z0-9][A-Za-z0-9.-]*|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)+@sha256:[0-9a-f]{64}\\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ReferenceForm();
}
