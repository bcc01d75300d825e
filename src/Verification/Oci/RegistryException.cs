namespace Actors.Verification.Oci;

/// <summary>What went wrong at a registry.</summary>
internal enum RegistryFault
{
    /// <summary>The registry says that there is no such manifest or blob.</summary>
    NotFound,

    /// <summary>Not reachable, too slow, failing, or asking for credentials.</summary>
    Unavailable,

    /// <summary>An answer that breaks the protocol: wrong digest, size, media type, redirect, or over a cap.</summary>
    Protocol,
}

/// <summary>A typed failure at a registry. The message names the thing and the fix and quotes no more than a header's value of the answer.</summary>
internal sealed class RegistryException(RegistryFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public RegistryFault Fault { get; } = fault;
}
