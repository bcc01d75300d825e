using System.Net;
using System.Net.Sockets;

namespace Actors.Verification.Oci;

/// <summary>A connection that must not be made.</summary>
internal sealed class EgressRefusedException(string message) : IOException(message);

/// <summary>Decides which addresses are connected to. The check is made on the very addresses that are then connected to, so a name cannot change its meaning in between.</summary>
internal static class EgressGuard
{
    private static readonly IPAddress[] Metadata =
        [IPAddress.Parse("100.100.100.200"), IPAddress.Parse("168.63.129.16"), IPAddress.Parse("fd00:ec2::254"), IPAddress.Parse("fd20:ce::254")];

    /// <summary>A connect callback that refuses every name with an address that <paramref name="allowed"/> does not accept.</summary>
    /// <param name="allowed">The rule.</param>
    /// <param name="resolve">All addresses of a name; asked once per connection.</param>
    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Connector(
        Func<IPAddress, bool> allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        async (context, cancellationToken) =>
        {
            var addresses = await resolve(context.DnsEndPoint.Host, cancellationToken);
            RequireAllowed(context.DnsEndPoint.Host, addresses, allowed);
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };

    /// <summary>True for a public address and for one of a network of one's own: private, shared or loopback. Never for link-local, metadata, multicast or reserved ones.</summary>
    public static bool IsPublicOrPrivate(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = Unwrap(address);
        return !IsMetadata(plain) && (IsPublic(plain) || IsOwnNetwork(plain.GetAddressBytes()));
    }

    // One bad address is enough: which of them is dialled is not ours to choose.
    private static void RequireAllowed(string host, IPAddress[] addresses, Func<IPAddress, bool> allowed)
    {
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, a => allowed(a)))
        {
            throw new EgressRefusedException($"'{host}' has an address that is not public, or none");
        }
    }

    private static bool IsOwnNetwork(ReadOnlySpan<byte> b) => b.Length == 4
        ? (b[0], b[1]) switch
        {
            (10 or 127, _) => true,
            (100, >= 64 and < 128) => true,
            (172, >= 16 and < 32) => true,
            (192, 168) => true,
            _ => false,
        }
        : (b[0] & 0xfe) == 0xfc || b.SequenceEqual<byte>([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

    // Where clouds serve a machine's credentials, besides the link-local range.
    private static bool IsMetadata(IPAddress address) => Array.Exists(Metadata, m => m.Equals(address) || m.Equals(Embedded(address)));

    // 64:ff9b::/96 and 2002::/16 carry an IPv4 address that is the real target.
    private static IPAddress? Embedded(IPAddress address)
    {
        ReadOnlySpan<byte> b = address.GetAddressBytes();
        return b.Length == 4 ? null
            : b[..12].SequenceEqual<byte>([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) ? new IPAddress(b[12..])
            : b[0] == 0x20 && b[1] == 0x02 ? new IPAddress(b[2..6])
            : null;
    }

    private static IPAddress Unwrap(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>True for an address on the public internet: not loopback, link-local, private, shared, documentation, multicast or reserved, also not when wrapped in IPv6.</summary>
    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = Unwrap(address);
        var bytes = plain.GetAddressBytes();
        return !IsMetadata(plain) && (bytes.Length == 4 ? IsPublic4(bytes) : Embedded(plain) is { } inner ? IsPublic4(inner.GetAddressBytes()) : IsPublic6(bytes));
    }

    private static bool IsPublic4(ReadOnlySpan<byte> b) => (b[0], b[1], b[2]) switch
    {
        (0 or 10 or 127, _, _) => false,
        (100, >= 64 and < 128, _) => false,
        (169, 254, _) => false,
        (172, >= 16 and < 32, _) => false,
        (192, 0, 0 or 2) => false,
        (192, 88, 99) => false,
        (192, 168, _) => false,
        (198, 18 or 19, _) => false,
        (198, 51, 100) => false,
        (203, 0, 113) => false,
        (>= 224, _, _) => false,
        _ => true,
    };

    private static bool IsPublic6(ReadOnlySpan<byte> b)
    {
        var globalUnicast = (b[0] & 0xe0) == 0x20;
        var special = b[0] == 0x20 && b[1] == 0x01 && (b[2] < 0x02 || (b[2] == 0x0d && b[3] == 0xb8));
        return globalUnicast && !special;
    }
}
