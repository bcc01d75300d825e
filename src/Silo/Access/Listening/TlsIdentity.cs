using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Actors.Verification.Policy;

namespace Actors.Silo.Access.Listening;

/// <summary>The certificate by which clients know this silo, with its key and intermediates.</summary>
internal sealed class TlsIdentity
{
    private const int MaxFileBytes = 256 * 1024;
    private const UnixFileMode NotForOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite;

    private TlsIdentity(SslStreamCertificateContext context) => Context = context;

    /// <summary>For handshakes.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Tries to load PEM files; faults are a result and hold no part of the key.</summary>
    public static Loaded<TlsIdentity> Load(string certificateFile, string keyFile)
    {
        var (certificateStamp, certificate) = FileStamp.Take(Path.GetFullPath(certificateFile), MaxFileBytes);
        var (keyStamp, key) = FileStamp.Take(Path.GetFullPath(keyFile), MaxFileBytes);
        var faults = new List<string>();
        Require(certificate, certificateFile, faults);
        Require(key, keyFile, faults);
        if (key is not null && IsOpenToOthers(keyFile))
        {
            faults.Add($"'{keyFile}' can be read by everybody, or written by others; run chmod 600 on it.");
        }

        var identity = faults.Count == 0 ? Parse(certificateFile, Encoding.UTF8.GetString(certificate!), Encoding.UTF8.GetString(key!), faults) : null;
        return new Loaded<TlsIdentity>(identity, faults, [certificateStamp, keyStamp]);
    }

    private static TlsIdentity? Parse(string file, string certificate, string key, List<string> faults)
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPem(certificate, key);
            var others = new X509Certificate2Collection();
            others.ImportFromPem(certificate);
            others.RemoveAt(0);
            return new TlsIdentity(SslStreamCertificateContext.Create(leaf, others, offline: true));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            faults.Add($"'{file}' and its key are no certificate with the key that belongs to it, both PEM and the key not encrypted.");
            return null;
        }
    }

    private static void Require(byte[]? content, string file, List<string> faults)
    {
        if (content is null)
        {
            faults.Add($"'{file}' can't be read, or has more than {MaxFileBytes} bytes.");
        }
    }

    private static bool IsOpenToOthers(string file)
    {
        using var handle = File.OpenHandle(file);
        return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & NotForOthers) != UnixFileMode.None;
    }
}
