using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Podman;

/// <summary>Finds the OCI runtimes of this machine, where the wrappers in <c>oci/</c> look for them too.</summary>
internal static class Runtimes
{
    internal const string Runsc = "runsc";
    internal const string Runc = "runc";

    private static readonly string[] Directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    internal static string? Resolve(SandboxRuntime wanted, Func<string, bool> exists) => wanted switch
    {
        SandboxRuntime.Runsc => Installed(Runsc, exists),
        SandboxRuntime.Runc => Installed(Runc, exists),
        SandboxRuntime.Auto => Installed(Runsc, exists) ?? Installed(Runc, exists),
        _ => null,
    };

    internal static bool IsInstalled(string runtime, Func<string, bool> exists) => runtime is Runsc or Runc && Installed(runtime, exists) is not null;

    /// <summary>Path of a wrapper that was published with the product.</summary>
    internal static string Wrapper(string name) => Path.Combine(AppContext.BaseDirectory, "Podman", "oci", name);

    private static string? Installed(string name, Func<string, bool> exists) => Array.Exists(Directories, d => exists($"{d}/{name}")) ? name : null;
}
