using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Actors.Verification.Tests.Signer;

/// <summary>A signed certificate timestamp before it is signed; every property is a knob.</summary>
internal sealed class SctSpec
{
    public byte Version { get; set; }

    /// <summary>Null means the log's own.</summary>
    public byte[]? LogId { get; set; }

    public DateTimeOffset At { get; set; }

    public byte[] Extensions { get; set; } = [];

    /// <summary>4 is SHA-256.</summary>
    public byte Hash { get; set; } = 4;

    /// <summary>3 is ECDSA.</summary>
    public byte Signature { get; set; } = 3;

    /// <summary>Over which issuer's key the log signs; null means the one who issues.</summary>
    public TestAuthority? Issuer { get; set; }

    /// <summary>Signs in place of the log.</summary>
    public TestKey? Signer { get; set; }

    /// <summary>The finished SCT bytes, to damage.</summary>
    public Func<byte[], byte[]> Damage { get; set; } = bytes => bytes;

    /// <summary>The finished extension value, to damage.</summary>
    public Func<byte[], byte[]> DamageList { get; set; } = bytes => bytes;

    /// <summary>No SCT at all.</summary>
    public bool Omit { get; set; }

    /// <summary>This many junk SCTs of unknown logs go before the good one.</summary>
    public int Junk { get; set; }
}

/// <summary>A certificate transparency log (RFC 6962): signs precertificates.</summary>
internal sealed class TestCtLog(TestKey key)
{
    private const string SctList = "1.3.6.1.4.1.11129.2.4.2";

    // Well-formed: zeroes but for the signature scheme and a signature of 13 bytes.
    private static readonly byte[] s_junk = [.. new byte[43], 4, 3, 0, 13, .. new byte[13]];

    public TestKey Key { get; } = key;

    public byte[] LogId { get; } = SHA256.HashData(key.Spki);

    /// <summary>Issues the certificate with the log's promise inside.</summary>
    public X509Certificate2 Issue(TestAuthority authority, CertificateSpec certificate, TestKey key, SctSpec sct)
    {
        if (sct.Omit)
        {
            return authority.Issue(certificate, key);
        }

        // Same serial and extensions but for the list itself: its signed part is what the log signs.
        var tbs = TestAsn.Tbs(authority.Issue(certificate, key));
        var signed = Sign(sct, (sct.Issuer ?? authority).Key, tbs);
        var entries = Enumerable.Range(0, sct.Junk).Select(_ => s_junk).Append(sct.Damage(signed)).ToList();
        byte[] list = [.. entries.SelectMany(e => (byte[])[.. Big16(e.Length), .. e])];
        certificate.Extra.Add((SctList, sct.DamageList(TestAsn.Octets([.. Big16(list.Length), .. list]))));
        return authority.Issue(certificate, key);
    }

    private byte[] Sign(SctSpec sct, TestKey issuer, byte[] tbs)
    {
        var time = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, sct.At.ToUnixTimeMilliseconds());
        byte[] length = [(byte)(tbs.Length >> 16), .. Big16(tbs.Length & 0xFFFF)];
        byte[] signed =
        [
            sct.Version, 0, .. time, 0, 1, .. SHA256.HashData(issuer.Spki), .. length, .. tbs, .. Big16(sct.Extensions.Length), .. sct.Extensions,
        ];
        var signature = (sct.Signer ?? Key).Sign(signed);
        return
        [
            sct.Version, .. sct.LogId ?? LogId, .. time, .. Big16(sct.Extensions.Length), .. sct.Extensions, sct.Hash, sct.Signature, .. Big16(signature.Length), .. signature,
        ];
    }

    private static byte[] Big16(int value) => [(byte)(value >> 8), (byte)value];
}
