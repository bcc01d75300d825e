namespace Actors.Verification.Oci;

/// <summary>What went wrong at a registry, or at an image layout in its place.</summary>
internal enum RegistryFault
{
    /// <summary>The registry says that there is no such manifest, blob or list.</summary>
    NotFound,

    /// <summary>Not reachable, or failing.</summary>
    Unavailable,

    /// <summary>An answer that breaks the protocol: wrong digest, size, media type, redirect or link.</summary>
    Protocol,

    /// <summary>The registry wants credentials, or other ones.</summary>
    Unauthorized,

    /// <summary>It led to an address that must not be reached, or asked for credentials to be sent where they do not belong.</summary>
    ForbiddenAddress,

    /// <summary>More bytes, entries or pages than are accepted; nothing was cut off.</summary>
    TooLarge,

    /// <summary>A step of the client's own took too long: a connection or a credential helper. The caller's deadline stays an <see cref="OperationCanceledException"/>.</summary>
    Deadline,

    /// <summary>The credentials that are configured here cannot be read.</summary>
    Credentials,

    /// <summary>The image has nothing for the platform.</summary>
    NoPlatform,
}

/// <summary>A typed failure at a registry. The message names the thing and the fix, and neither quotes the answer's body nor any credential.</summary>
internal sealed class RegistryException(RegistryFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The kind of failure.</summary>
    public RegistryFault Fault { get; } = fault;
}
