namespace Actors.Verification.Policy;

/// <summary>What the policy's profile asks for.</summary>
public enum SandboxRuntime
{
    /// <summary>gVisor when present, else runc.</summary>
    Auto,

    /// <summary>gVisor or nothing.</summary>
    Runsc,

    /// <summary>The host's kernel, shared.</summary>
    Runc,
}
