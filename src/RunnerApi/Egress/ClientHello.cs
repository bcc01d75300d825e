using System.Buffers.Binary;
using System.Text;

namespace Actors.RunnerApi.Egress;

/// <summary>What the first bytes of a connection are.</summary>
internal enum HelloKind
{
    /// <summary>The beginning of a ClientHello; more must come.</summary>
    Incomplete,

    /// <summary>No ClientHello, a malformed one, or one over the bound.</summary>
    NotTls,

    /// <summary>It names no server.</summary>
    NoName,

    /// <summary>The real one is encrypted within it (ECH).</summary>
    Hidden,

    /// <summary>It names a server.</summary>
    Named,
}

/// <summary>The TLS ClientHello that a sandbox sends first, read as far as the name of the server.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The lower-case server name; empty unless named.</param>
internal readonly record struct ClientHello(HelloKind Kind, string Name)
{
    /// <summary>Most bytes that are read in search of it.</summary>
    public const int MaxBytes = 32 * 1024;

    private const int MaxMessage = 16 * 1024;
    private const byte Handshake = 22;
    private const ushort ServerName = 0;

    // Encrypted ClientHello, and its draft form ESNI.
    private static ReadOnlySpan<ushort> Hiding => [0xfe0d, 0xffce];

    /// <summary>Reads what has come so far; it may be cut anywhere and spread over any number of records.</summary>
    public static ClientHello Read(ReadOnlySpan<byte> bytes)
    {
        Span<byte> message = stackalloc byte[MaxMessage];
        var length = 0;
        while (Needed(message[..length]) is var needed && length < needed)
        {
            if (needed > MaxMessage || (bytes.Length > 0 && bytes[0] != Handshake) || (bytes.Length > 1 && bytes[1] != 3))
            {
                return new ClientHello(HelloKind.NotTls, "");
            }

            if (bytes.Length < 5)
            {
                return new ClientHello(HelloKind.Incomplete, "");
            }

            var size = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            if (size == 0 || size > MaxMessage - length || bytes[2] > 4)
            {
                return new ClientHello(HelloKind.NotTls, "");
            }

            var part = bytes.Slice(5, Math.Min(size, bytes.Length - 5));
            part.CopyTo(message[length..]);
            length += part.Length;
            if (part.Length < size && length < Needed(message[..length]))
            {
                return Needed(message[..length]) > MaxMessage ? new ClientHello(HelloKind.NotTls, "") : new ClientHello(HelloKind.Incomplete, "");
            }

            bytes = bytes[(5 + part.Length)..];
        }

        return ReadBody(message[4..Needed(message[..length])]);
    }

    // Bytes of the whole message as far as its head tells; no ClientHello asks for more than any.
    private static int Needed(ReadOnlySpan<byte> message) =>
        message.Length > 0 && message[0] != 1 ? int.MaxValue
        : message.Length < 4 ? 4
        : 4 + ((message[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(message[2..]));

    private static ClientHello ReadBody(ReadOnlySpan<byte> body)
    {
        // Version, random, session, cipher suites, compressions.
        if (!Skip(ref body, 34) || !Vector(ref body, 1, out _) || !Vector(ref body, 2, out _) || !Vector(ref body, 1, out _))
        {
            return new ClientHello(HelloKind.NotTls, "");
        }

        if (body.IsEmpty)
        {
            return new ClientHello(HelloKind.NoName, "");
        }

        if (!Vector(ref body, 2, out var extensions) || !body.IsEmpty)
        {
            return new ClientHello(HelloKind.NotTls, "");
        }

        var (found, hidden) = ("", false);
        while (!extensions.IsEmpty)
        {
            if (!Number(ref extensions, out var type) || !Vector(ref extensions, 2, out var data))
            {
                return new ClientHello(HelloKind.NotTls, "");
            }

            hidden |= Hiding.Contains(type);
            if (type == ServerName && (found.Length > 0 || !TryName(data, out found)))
            {
                return new ClientHello(HelloKind.NotTls, "");
            }
        }

        return hidden ? new ClientHello(HelloKind.Hidden, "") : new ClientHello(found.Length > 0 ? HelloKind.Named : HelloKind.NoName, found);
    }

    // A list of exactly one name of the one type that exists.
    private static bool TryName(ReadOnlySpan<byte> data, out string name)
    {
        name = "";
        if (!Vector(ref data, 2, out var list) || !data.IsEmpty || list.IsEmpty || list[0] != 0)
        {
            return false;
        }

        list = list[1..];
        if (!Vector(ref list, 2, out var text) || !list.IsEmpty || text.IsEmpty || text.ContainsAnyExceptInRange((byte)0x21, (byte)0x7e))
        {
            return false;
        }

        name = Encoding.ASCII.GetString(text).ToLowerInvariant();
        return true;
    }

    private static bool Skip(ref ReadOnlySpan<byte> bytes, int count)
    {
        var fits = bytes.Length >= count;
        bytes = fits ? bytes[count..] : bytes;
        return fits;
    }

    private static bool Number(ref ReadOnlySpan<byte> bytes, out ushort value)
    {
        value = bytes.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;
        return Skip(ref bytes, 2);
    }

    private static bool Vector(ref ReadOnlySpan<byte> bytes, int lengthBytes, out ReadOnlySpan<byte> content)
    {
        content = default;
        if (bytes.Length < lengthBytes)
        {
            return false;
        }

        var length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length - lengthBytes < length)
        {
            return false;
        }

        content = bytes.Slice(lengthBytes, length);
        bytes = bytes[(lengthBytes + length)..];
        return true;
    }
}
