namespace Actors.Verification.Oci;

/// <summary>Reads an answer's body without trusting its length.</summary>
internal static class BoundedBody
{
    private const int ChunkBytes = 16 * 1024;

    /// <summary>The whole body.</summary>
    /// <exception cref="RegistryException">More than <paramref name="cap"/> bytes; no more than one chunk above it was read.</exception>
    public static async Task<byte[]> ReadAsync(HttpResponseMessage response, int cap, string what, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(response);
        RequireWithin(what, response.Content.Headers.ContentLength ?? 0, cap);
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var buffer = new MemoryStream();
        var chunk = new byte[ChunkBytes];
        while (true)
        {
            var read = await body.ReadAsync(chunk, cancellationToken);
            if (read == 0)
            {
                return buffer.ToArray();
            }

            RequireWithin(what, buffer.Length + read, cap);
            buffer.Write(chunk, 0, read);
        }
    }

    private static void RequireWithin(string what, long bytes, int cap)
    {
        if (bytes > cap)
        {
            throw new RegistryException(RegistryFault.TooLarge, $"{what} has more than {cap} bytes, the most that is accepted. Push a smaller one or mend the registry.");
        }
    }
}
