using Actors.Verification.Cryptography;

namespace Actors.Verification.Sigstore;

/// <summary>A transparency or certificate log that is trusted.</summary>
/// <param name="BaseUrl">Its address, as the root has it.</param>
/// <param name="Id">Its id, as entries name it.</param>
/// <param name="CheckpointHint">First four bytes of the id of the key in checkpoints.</param>
/// <param name="Window">When its key was in use.</param>
internal sealed record TrustedLog(string BaseUrl, byte[] Id, byte[] CheckpointHint, TrustedPublicKey Key, ValidityPeriod Window)
{
    /// <summary>True for the address without its scheme: as host, host and port, or with the path.</summary>
    public bool IsNamed(string name)
    {
        if (!Uri.TryCreate(BaseUrl, UriKind.Absolute, out var url))
        {
            return string.Equals(BaseUrl, name, StringComparison.Ordinal);
        }

        var path = url.AbsolutePath.TrimEnd('/');
        return string.Equals(name, url.Host + path, StringComparison.Ordinal)
            || string.Equals(name, url.Authority + path, StringComparison.Ordinal)
            || string.Equals(name, url.Host, StringComparison.Ordinal);
    }
}
