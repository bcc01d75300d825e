using System.Numerics;
using System.Security.Cryptography;

namespace Actors.Verification.Tests.Signer;

/// <summary>Ed25519 signing by the book (RFC 8032, section 5.1) on big integers: slow, not constant in time, for test keys only.</summary>
internal sealed class Ed25519TestKey
{
    private static readonly BigInteger s_p = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger s_order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493", System.Globalization.CultureInfo.InvariantCulture);
    private static readonly BigInteger s_d = Mod(-121665 * Inverse(121666));
    private static readonly (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) s_base = Base();
    private readonly BigInteger _scalar;
    private readonly byte[] _prefix;

    public Ed25519TestKey(byte[] seed)
    {
        var hash = SHA512.HashData(seed);
        _prefix = hash[32..];
        hash[0] &= 0xF8;
        hash[31] = (byte)((hash[31] & 0x7F) | 0x40);
        _scalar = Little(hash.AsSpan(0, 32));
        PublicKey = Encode(Multiply(_scalar, s_base));
    }

    /// <summary>32 bytes.</summary>
    public byte[] PublicKey { get; }

    /// <summary>64 bytes: R and S.</summary>
    /// <param name="message">Not hashed.</param>
    /// <param name="domain">Goes before what is hashed; of Ed25519ph.</param>
    public byte[] Sign(byte[] message, byte[]? domain = null)
    {
        var r = Little(SHA512.HashData([.. domain ?? [], .. _prefix, .. message])) % s_order;
        var encodedR = Encode(Multiply(r, s_base));
        var k = Little(SHA512.HashData([.. domain ?? [], .. encodedR, .. PublicKey, .. message])) % s_order;
        var s = (r + (k * _scalar)) % s_order;
        return [.. encodedR, .. Fixed(s)];
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) Base()
    {
        var y = Mod(4 * Inverse(5));
        var square = Mod(((y * y) - 1) * Inverse(Mod((s_d * y * y) + 1)));
        var x = BigInteger.ModPow(square, (s_p + 3) / 8, s_p);
        if (Mod((x * x) - square) != 0)
        {
            x = Mod(x * BigInteger.ModPow(2, (s_p - 1) / 4, s_p));
        }

        x = x.IsEven ? x : s_p - x;
        return (x, y, 1, Mod(x * y));
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) Multiply(BigInteger scalar, (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) point)
    {
        (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) sum = (0, 1, 1, 0);
        for (; scalar > 0; scalar >>= 1)
        {
            sum = scalar.IsEven ? sum : Add(sum, point);
            point = Add(point, point);
        }

        return sum;
    }

    private static (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) Add(
        (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) one, (BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) two)
    {
        var a = Mod((one.Y - one.X) * (two.Y - two.X));
        var b = Mod((one.Y + one.X) * (two.Y + two.X));
        var c = Mod(2 * s_d * one.T * two.T);
        var d = Mod(2 * one.Z * two.Z);
        var (e, f, g, h) = (b - a, d - c, d + c, b + a);
        return (Mod(e * f), Mod(g * h), Mod(f * g), Mod(e * h));
    }

    private static byte[] Encode((BigInteger X, BigInteger Y, BigInteger Z, BigInteger T) point)
    {
        var inverse = Inverse(point.Z);
        var bytes = Fixed(Mod(point.Y * inverse));
        bytes[31] |= (byte)(Mod(point.X * inverse).IsEven ? 0 : 0x80);
        return bytes;
    }

    private static byte[] Fixed(BigInteger value)
    {
        var bytes = new byte[32];
        value.TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    private static BigInteger Little(ReadOnlySpan<byte> bytes) => new(bytes, isUnsigned: true);

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Mod(value), s_p - 2, s_p);

    private static BigInteger Mod(BigInteger value)
    {
        var rest = value % s_p;
        return rest.Sign < 0 ? rest + s_p : rest;
    }
}
