using System.Numerics;

namespace Actors.Verification.Cryptography;

/// <summary>A point of the twisted Edwards curve of Ed25519, in extended coordinates.</summary>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
internal readonly struct EdwardsPoint
{
    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    private static readonly FieldElement D = FieldElement.FromInteger(P - 121665) * FieldElement.FromInteger(121666).Power(P - 2);
    private static readonly FieldElement TwoD = D + D;
    private static readonly FieldElement SqrtMinusOne = FieldElement.FromInteger(2).Power((P - 1) / 4);
    private static readonly EdwardsPoint Identity = new(FieldElement.Zero, FieldElement.One, FieldElement.One, FieldElement.Zero);
    private readonly FieldElement _x, _y, _z, _t;

    private EdwardsPoint(FieldElement x, FieldElement y, FieldElement z, FieldElement t)
    {
        (_x, _y, _z, _t) = (x, y, z, t);
    }

    /// <summary>The base point: y = 4/5, x even.</summary>
    public static EdwardsPoint Base { get; } = BasePoint();

    /// <summary>Reads the canonical encoding of a point: y below p, on the curve, no negative zero.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out EdwardsPoint point)
    {
        point = default;
        if (bytes.Length != 32)
        {
            return false;
        }

        var negative = (bytes[31] & 0x80) != 0;
        var y = FieldElement.FromBytes(bytes);
        var canonical = y.ToBytes();
        canonical[31] |= (byte)(negative ? 0x80 : 0);
        if (!canonical.AsSpan().SequenceEqual(bytes) || !TryX(y, out var x) || (x.IsZero && negative))
        {
            return false;
        }

        x = x.IsNegative == negative ? x : -x;
        point = new EdwardsPoint(x, y, FieldElement.One, x * y);
        return true;
    }

    /// <summary>[<paramref name="a"/>]<paramref name="p"/> + [<paramref name="b"/>]<paramref name="q"/>.</summary>
    public static EdwardsPoint Combine(BigInteger a, EdwardsPoint p, BigInteger b, EdwardsPoint q)
    {
        var both = p.Add(q);
        var sum = Identity;
        var aBytes = a.ToByteArray(isUnsigned: true);
        var bBytes = b.ToByteArray(isUnsigned: true);
        for (var i = (Math.Max(aBytes.Length, bBytes.Length) * 8) - 1; i >= 0; i--)
        {
            sum = sum.Double();
            sum = (Bit(aBytes, i), Bit(bBytes, i)) switch
            {
                (true, true) => sum.Add(both),
                (true, false) => sum.Add(p),
                (false, true) => sum.Add(q),
                _ => sum,
            };
        }

        return sum;
    }

    public EdwardsPoint Negated() => new(-_x, _y, _z, -_t);

    public byte[] Encode()
    {
        var inverse = _z.Power(P - 2);
        var bytes = (_y * inverse).ToBytes();
        bytes[31] |= (byte)((_x * inverse).IsNegative ? 0x80 : 0);
        return bytes;
    }

    private static bool Bit(byte[] bytes, int index) => index / 8 < bytes.Length && ((bytes[index / 8] >> (index % 8)) & 1) == 1;

    private static EdwardsPoint BasePoint()
    {
        var y = FieldElement.FromInteger(4) * FieldElement.FromInteger(5).Power(P - 2);
        return TryDecode(y.ToBytes(), out var point) ? point : throw new InvalidOperationException("The base point is on the curve.");
    }

    // x^2 = (y^2 - 1) / (d y^2 + 1), RFC 8032, section 5.1.3.
    private static bool TryX(FieldElement y, out FieldElement x)
    {
        var y2 = y * y;
        var u = y2 - FieldElement.One;
        var v = (D * y2) + FieldElement.One;
        var v3 = v * v * v;
        x = u * v3 * (u * v3 * v3 * v).Power((P - 5) / 8);
        var check = v * x * x;
        if ((check - u).IsZero)
        {
            return true;
        }

        x *= SqrtMinusOne;
        return (check + u).IsZero;
    }

    // "add-2008-hwcd-3" and "dbl-2008-hwcd" for a = -1: complete on this curve.
    private EdwardsPoint Add(EdwardsPoint o)
    {
        var a = (_y - _x) * (o._y - o._x);
        var b = (_y + _x) * (o._y + o._x);
        var c = _t * TwoD * o._t;
        var d = _z * o._z;
        d += d;
        FieldElement e = b - a, f = d - c, g = d + c, h = b + a;
        return new EdwardsPoint(e * f, g * h, f * g, e * h);
    }

    private EdwardsPoint Double()
    {
        var a = _x * _x;
        var b = _y * _y;
        var c = _z * _z;
        c += c;
        var sum = _x + _y;
        FieldElement h = a + b, e = h - (sum * sum), g = a - b, f = c + g;
        return new EdwardsPoint(e * f, g * h, f * g, e * h);
    }
}
