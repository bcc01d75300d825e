using System.Buffers.Binary;
using System.Text;

namespace Actors.RunnerApi.Tests.Egress;

/// <summary>ClientHellos made by hand.</summary>
internal static class Hellos
{
    /// <summary>One that names a server, in one record.</summary>
    public static byte[] Named(string name) => Record(Message([ServerName(name)]));

    /// <summary>One with the encrypted form beside the name.</summary>
    public static byte[] Hidden(string name) => Record(Message([ServerName(name), Extension(0xfe0d, [0, 0, 1, 0, 1, 0, 0, 0, 0, 0])]));

    /// <summary>One without any extension.</summary>
    public static byte[] Nameless() => Record(Message([]));

    /// <summary>The handshake message with these extensions.</summary>
    public static byte[] Message(IReadOnlyList<byte[]> extensions, int padding = 0)
    {
        byte[][] all = padding == 0 ? [.. extensions] : [.. extensions, Extension(21, new byte[padding])];
        byte[] list = [.. all.SelectMany(e => e)];
        byte[] body = [3, 3, .. Enumerable.Repeat((byte)7, 32), 0, 0, 2, 0x13, 0x01, 1, 0, .. all.Length == 0 ? [] : Sized(2, list)];
        return [1, .. Sized(3, body)];
    }

    /// <summary>The message in records of this many bytes.</summary>
    public static byte[] Record(byte[] message, int size = int.MaxValue) =>
        [.. message.Chunk(Math.Min(size, message.Length)).SelectMany(part => (byte[])[22, 3, 1, .. Sized(2, part)])];

    public static byte[] ServerName(string name) => Extension(0, Sized(2, [0, .. Sized(2, Encoding.Latin1.GetBytes(name))]));

    public static byte[] Extension(ushort type, byte[] data)
    {
        var head = new byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(head, type);
        return [.. head, .. Sized(2, data)];
    }

    private static byte[] Sized(int lengthBytes, byte[] content)
    {
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        return [.. length[(4 - lengthBytes)..], .. content];
    }
}
