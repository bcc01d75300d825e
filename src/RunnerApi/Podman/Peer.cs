using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Actors.RunnerApi.Podman;

/// <summary>Who listens on a Unix socket, as the kernel says.</summary>
internal static class Peer
{
    // SOL_SOCKET and SO_PEERCRED of Linux; struct ucred holds pid, uid and gid of 32 bits each.
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    private static readonly uint s_own = Own(File.ReadLines("/proc/self/status"));

    /// <summary>A directory that was swept away could be made again by another user, who must not get our secrets.</summary>
    /// <exception cref="SocketException">Another user listens.</exception>
    internal static void RequireOwn(Socket socket)
    {
        if (UserOf(socket) != s_own)
        {
            throw new SocketException((int)SocketError.AccessDenied);
        }
    }

    /// <summary>Id of the user whose process listens.</summary>
    internal static uint UserOf(Socket socket)
    {
        Span<byte> credentials = stackalloc byte[12];
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, credentials);
        return MemoryMarshal.Read<uint>(credentials[4..]);
    }

    /// <summary>The effective user of a process, from the lines of its <c>status</c>: <c>Uid: real effective saved filesystem</c>.</summary>
    internal static uint Own(IEnumerable<string> status) => uint.Parse(
        status.First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t', StringSplitOptions.RemoveEmptyEntries)[2],
        CultureInfo.InvariantCulture);
}
