using System.Net;
using System.Net.Sockets;

namespace Actors.Verification.Network;

/// <summary>A connection that must not be made.</summary>
internal sealed class EgressRefusedException(string message) : IOException(message);

/// <summary>Decides which addresses are connected to. The check is made on the very addresses that are then connected to, so a name cannot change its meaning in between.</summary>
internal static class EgressGuard
{
    /// <summary>A connect callback that refuses every name with an address that <paramref name="allowed"/> does not accept.</summary>
    /// <param name="allowed">The rule.</param>
    /// <param name="resolve">All addresses of a name; asked once per connection.</param>
    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Connector(
        Func<IPAddress, bool> allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve) =>
        async (context, cancellationToken) =>
        {
            var addresses = await ResolveAsync(context.DnsEndPoint.Host, allowed, resolve, cancellationToken);
            return new NetworkStream(await ConnectAsync(addresses, context.DnsEndPoint.Port, cancellationToken), ownsSocket: true);
        };

    /// <summary>All addresses of a name, each of them allowed.</summary>
    /// <exception cref="EgressRefusedException">One of them is not, or there is none.</exception>
    /// <exception cref="SocketException">The name does not resolve.</exception>
    public static async Task<IPAddress[]> ResolveAsync(
        string host, Func<IPAddress, bool> allowed, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(allowed);
        ArgumentNullException.ThrowIfNull(resolve);
        var addresses = await resolve(host, cancellationToken);

        // One bad address is enough: which of them is dialled is not ours to choose.
        return addresses.Length > 0 && Array.TrueForAll(addresses, a => allowed(a))
            ? addresses
            : throw new EgressRefusedException($"'{host}' has an address that is not public, or none");
    }

    /// <summary>Connects to the first of the addresses that answers.</summary>
    public static async Task<Socket> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>True for an address on the public internet: not loopback, link-local, private, shared, documentation, multicast or reserved, also not when wrapped in IPv6.</summary>
    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var (plain, carried) = (Unwrap(address), Embedded(Unwrap(address)));
        return !SpecialNetworks.IsMetadata(plain) && (carried is null ? IsGlobal(plain) : IsGlobal(carried) && !SpecialNetworks.IsMetadata(carried));
    }

    /// <summary>True for a public address and for one of a network of one's own: private, shared or loopback. Never for link-local, metadata, multicast or reserved ones.</summary>
    public static bool IsPublicOrPrivate(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = Unwrap(address);
        return IsPublic(plain) || (SpecialNetworks.IsOwn(plain) && !SpecialNetworks.IsMetadata(plain));
    }

    private static bool IsGlobal(IPAddress plain) => SpecialNetworks.IsUnicast(plain) && !SpecialNetworks.IsOwn(plain) && !SpecialNetworks.IsReserved(plain) && !SpecialNetworks.IsDocumentation(plain);

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
}
