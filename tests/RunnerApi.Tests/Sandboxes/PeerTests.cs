using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Actors.RunnerApi.Podman;
using Xunit;

namespace Actors.RunnerApi.Tests.Sandboxes;

[SupportedOSPlatform("linux")]
public sealed class PeerTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("actors-peer-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void RequireOwn_SocketOfThisUser_IsTaken()
    {
        var path = Path.Combine(_directory.FullName, "own");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        using var client = Connect(path);

        Peer.RequireOwn(client);
        Assert.Equal(Peer.Own(File.ReadLines("/proc/self/status")), Peer.UserOf(client));
    }

    [Fact]
    public async Task RequireOwn_SocketOfAnotherUser_IsRefused()
    {
        var path = Path.Combine(_directory.FullName, "other");
        File.SetUnixFileMode(_directory.FullName, (UnixFileMode)0x1FF);
        using var other = Process.Start(new ProcessStartInfo(
            "setpriv",
            ["--reuid=65534", "--clear-groups", "perl", "-MSocket", "-e", "socket(S, PF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un($ARGV[0] . '~')); listen(S, 5); rename($ARGV[0] . '~', $ARGV[0]); sleep 60", path]))!;
        try
        {
            await Actors.Testing.Poll.UntilAsync(() => File.Exists(path) || other.HasExited);
            using var client = Connect(path);

            Assert.Equal(SocketError.AccessDenied, Assert.Throws<SocketException>(() => Peer.RequireOwn(client)).SocketErrorCode);
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public void Own_EffectiveUser_IsTheSecondNumber() => Assert.Equal(1000u, Peer.Own(["Name:\tx", "Uid:\t0\t1000\t0\t0", "Gid:\t1\t1\t1\t1"]));

    private static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }
}
