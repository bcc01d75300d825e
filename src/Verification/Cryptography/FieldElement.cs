namespace Actors.Verification.Cryptography;

/// <summary>An integer modulo 2^255 - 19 in five limbs of 51 bits. Not constant-time: verification handles no secrets.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly struct FieldElement
{
    private const ulong Mask = (1UL << 51) - 1;

    // 4p, limb by limb: added before a subtraction so that no limb goes below zero.
    private const ulong FourP0 = 0x1FFFFFFFFFFFB4;
    private const ulong FourP = 0x1FFFFFFFFFFFFC;
    private readonly ulong _a, _b, _c, _d, _e;

    private FieldElement(ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        (_a, _b, _c, _d, _e) = (a, b, c, d, e);
    }

    public static FieldElement Zero => default;

    public static FieldElement One { get; } = new(1, 0, 0, 0, 0);

    /// <summary>The least significant bit of the reduced value.</summary>
    public bool IsNegative => (ToBytes()[0] & 1) == 1;

    public bool IsZero => !ToBytes().AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>Reads 32 bytes, little-endian; the top bit is ignored, and values of p and above are reduced.</summary>
    public static FieldElement FromBytes(ReadOnlySpan<byte> bytes)
    {
        var n = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        var m = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes[6..]);
        var o = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]);
        var p = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes[19..]);
        var q = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]);
        return new FieldElement(n & Mask, (m >> 3) & Mask, (o >> 6) & Mask, (p >> 1) & Mask, (q >> 12) & Mask);
    }

    public static FieldElement FromInteger(System.Numerics.BigInteger value)
    {
        var bytes = new byte[32];
        value.TryWriteBytes(bytes, out _, isUnsigned: true);
        return FromBytes(bytes);
    }

    public static FieldElement operator +(FieldElement x, FieldElement y) =>
        Carry(x._a + y._a, x._b + y._b, x._c + y._c, x._d + y._d, x._e + y._e);

    public static FieldElement operator -(FieldElement x, FieldElement y) =>
        Carry(x._a + FourP0 - y._a, x._b + FourP - y._b, x._c + FourP - y._c, x._d + FourP - y._d, x._e + FourP - y._e);

    public static FieldElement operator -(FieldElement x) => Zero - x;

    public static FieldElement operator *(FieldElement x, FieldElement y)
    {
        ulong b19 = 19 * y._b, c19 = 19 * y._c, d19 = 19 * y._d, e19 = 19 * y._e;
        var r0 = Product(x._a, y._a) + Product(x._b, e19) + Product(x._c, d19) + Product(x._d, c19) + Product(x._e, b19);
        var r1 = Product(x._a, y._b) + Product(x._b, y._a) + Product(x._c, e19) + Product(x._d, d19) + Product(x._e, c19);
        var r2 = Product(x._a, y._c) + Product(x._b, y._b) + Product(x._c, y._a) + Product(x._d, e19) + Product(x._e, d19);
        var r3 = Product(x._a, y._d) + Product(x._b, y._c) + Product(x._c, y._b) + Product(x._d, y._a) + Product(x._e, e19);
        var r4 = Product(x._a, y._e) + Product(x._b, y._d) + Product(x._c, y._c) + Product(x._d, y._b) + Product(x._e, y._a);
        r1 += r0 >> 51;
        r2 += r1 >> 51;
        r3 += r2 >> 51;
        r4 += r3 >> 51;
        var a = ((UInt128)((ulong)r0 & Mask)) + ((r4 >> 51) * 19);
        return Carry((ulong)a & Mask, ((ulong)r1 & Mask) + (ulong)(a >> 51), (ulong)r2 & Mask, (ulong)r3 & Mask, (ulong)r4 & Mask);
    }

    /// <summary>This to the power of a non-negative integer.</summary>
    public FieldElement Power(System.Numerics.BigInteger exponent)
    {
        var result = One;
        for (var i = (int)exponent.GetBitLength() - 1; i >= 0; i--)
        {
            result *= result;
            if (!((exponent >> i) & 1).IsZero)
            {
                result *= this;
            }
        }

        return result;
    }

    /// <summary>The reduced value, 32 bytes, little-endian.</summary>
    public byte[] ToBytes()
    {
        var r = Carry(_a, _b, _c, _d, _e);
        r = Carry(r._a, r._b, r._c, r._d, r._e);

        // One when the value is p or more: whether adding 19 carries out of 255 bits.
        var q = (r._a + 19) >> 51;
        q = (r._b + q) >> 51;
        q = (r._c + q) >> 51;
        q = (r._d + q) >> 51;
        q = (r._e + q) >> 51;
        var a = r._a + (19 * q);
        var b = r._b + (a >> 51);
        var c = r._c + (b >> 51);
        var d = r._d + (c >> 51);
        var e = r._e + (d >> 51);
        (a, b, c, d, e) = (a & Mask, b & Mask, c & Mask, d & Mask, e & Mask);
        var bytes = new byte[32];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes, a | (b << 51));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(8), (b >> 13) | (c << 38));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), (c >> 26) | (d << 25));
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), (d >> 39) | (e << 12));
        return bytes;
    }

    private static UInt128 Product(ulong x, ulong y)
    {
        var high = Math.BigMul(x, y, out var low);
        return new UInt128(high, low);
    }

    private static FieldElement Carry(ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        b += a >> 51;
        c += b >> 51;
        d += c >> 51;
        e += d >> 51;
        return new FieldElement((a & Mask) + (19 * (e >> 51)), b & Mask, c & Mask, d & Mask, e & Mask);
    }
}
