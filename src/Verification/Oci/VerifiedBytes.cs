namespace Actors.Verification.Oci;

/// <summary>Bytes whose SHA-256 was computed here and, when it was known before, compared. The only form in which content leaves an image source.</summary>
internal sealed class VerifiedBytes
{
    private readonly byte[] _bytes;

    private VerifiedBytes(byte[] bytes, OciDigest digest) => (_bytes, Digest) = (bytes, digest);

    /// <summary>Computed from the bytes.</summary>
    public OciDigest Digest { get; }

    /// <summary>In bytes.</summary>
    public int Length => _bytes.Length;

    /// <summary>The content.</summary>
    public ReadOnlyMemory<byte> Memory => _bytes;

    /// <summary>The content.</summary>
    public ReadOnlySpan<byte> Span => _bytes;

    /// <summary>Content that a name gave, such as a tag: its digest is what the name means from now on. Takes the array over.</summary>
    public static VerifiedBytes Named(byte[] bytes) => new(bytes, OciDigest.Of(bytes));

    /// <summary>Content that a digest asked for. Takes the array over.</summary>
    /// <exception cref="RegistryException">Other content.</exception>
    public static VerifiedBytes Expected(string what, byte[] bytes, OciDigest digest)
    {
        var actual = OciDigest.Of(bytes);
        RequireDigest(what, actual, digest);
        return new VerifiedBytes(bytes, actual);
    }

    /// <summary>Content that a descriptor asked for. Takes the array over.</summary>
    /// <exception cref="RegistryException">Other content or another size.</exception>
    public static VerifiedBytes Expected(string what, byte[] bytes, OciDescriptor descriptor)
    {
        ArgumentNullException.ThrowIfNull(descriptor);
        RequireSize(what, bytes.Length, descriptor);
        return Expected(what, bytes, descriptor.Digest);
    }

    /// <summary>A descriptor's size is a promise too.</summary>
    /// <exception cref="RegistryException">Another size.</exception>
    public static void RequireSize(string what, long actual, OciDescriptor descriptor)
    {
        if (actual != descriptor.Size)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} came with other content: {actual} bytes instead of {descriptor.Size}. Mend the registry.");
        }
    }

    private static void RequireDigest(string what, OciDigest actual, OciDigest expected)
    {
        if (actual != expected)
        {
            throw new RegistryException(RegistryFault.Protocol, $"{what} came with other content, whose digest is {actual}. Mend the registry.");
        }
    }
}
