using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Actors.Benchmarks.Mcp;

/// <summary>Clients that start a workflow that reports progress all the time, and never read: what they cost the silo's memory.</summary>
internal static class StalledReaders
{
    private const int Readers = 1;
    private const int SmallBuffer = 4096;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    /// <summary>Resident memory of the process before, and at most during a minute.</summary>
    public static async Task<JsonObject> MeasureAsync(Uri silo, int process, string workflow, CancellationToken cancellationToken)
    {
        var before = ResidentMiB(process);
        var sockets = new List<Socket>();
        try
        {
            for (var number = 0; number < Readers; number++)
            {
                sockets.Add(await StallAsync(silo, workflow, number, cancellationToken));
            }

            var most = before;
            var start = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(start) < Duration)
            {
                await Task.Delay(Look, TimeProvider.System, cancellationToken);
                most = Math.Max(most, ResidentMiB(process));
            }

            var after = ResidentMiB(process);
            var unread = sockets.Sum(s => s.Available);
            var unsent = sockets.Sum(s => Unsent(silo.Port, ((IPEndPoint)s.LocalEndPoint!).Port));
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {Readers} stalled reader(s) for {Duration.TotalSeconds} s: {before:0.0} MiB before, {most:0.0} MiB at most, {after:0.0} MiB after; {unread} bytes lie unread at the readers, {unsent} unsent in the silo's sockets"));
            return new JsonObject
            {
                ["readers"] = Readers,
                ["seconds"] = Duration.TotalSeconds,
                ["before_mib"] = before,
                ["most_mib"] = most,
                ["after_mib"] = after,
                ["grown_mib"] = Math.Round(most - before, 1),
                ["unread_bytes"] = unread,
                ["unsent_bytes"] = unsent,
            };
        }
        finally
        {
            sockets.ForEach(s => s.Dispose());
        }
    }

    private static async Task<Socket> StallAsync(Uri silo, string workflow, int number, CancellationToken cancellationToken)
    {
        var body = $$$"""{"jsonrpc":"2.0","id":{{{number}}},"method":"tools/call","params":{"name":"run_workflow","arguments":{"workflow_id":"{{{workflow}}}","params":{"ms":20000}},"_meta":{"progressToken":"p{{{number}}}","io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{} } } }""";
        var head = $"POST /mcp HTTP/1.1\r\nHost: {silo.Authority}\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n"
            + "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: run_workflow\r\n\r\n";
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = SmallBuffer };
        await socket.ConnectAsync(IPAddress.Loopback, silo.Port, cancellationToken);
        await socket.SendAsync(Encoding.UTF8.GetBytes(head + body), cancellationToken);
        return socket;
    }

    /// <summary>Bytes that the kernel holds for a reader that takes none: above 0, the silo is held up.</summary>
    private static long Unsent(int port, int readerPort)
    {
        var ends = string.Create(CultureInfo.InvariantCulture, $"0100007F:{port:X4} 0100007F:{readerPort:X4}");
        var columns = File.ReadLines("/proc/net/tcp").Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).FirstOrDefault(c => $"{c[1]} {c[2]}" == ends);
        return columns is null ? 0 : long.Parse(columns[4].AsSpan(0, 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    private static double ResidentMiB(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return Math.Round(long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0, 1);
    }
}
