using System.Text;

namespace Actors.RunnerApi.Egress;

/// <summary>The head of a request to the proxy, read in one strict form: what two readers could take differently is no head at all.</summary>
/// <param name="Method">As sent.</param>
/// <param name="Target">As sent.</param>
/// <param name="Authorization">Value of <c>Proxy-Authorization</c>; empty when there is none.</param>
internal sealed record ConnectHead(string Method, string Target, string Authorization)
{
    /// <summary>Most bytes of a head.</summary>
    public const int MaxBytes = 8 * 1024;

    private const int MaxHeaders = 64;

    // A record's own text would print the credentials.
    public override string ToString() => $"{Method} {Target}";

    /// <summary>Length of the head in <paramref name="bytes"/> with the empty line at its end; -1 while that has not come.</summary>
    public static int LengthOf(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf("\r\n\r\n"u8);
        return end < 0 ? -1 : end + 4;
    }

    /// <summary>Reads a whole head; null when it breaks a rule, which <paramref name="fault"/> names.</summary>
    public static ConnectHead? Parse(ReadOnlySpan<byte> head, out string fault)
    {
        foreach (var b in head)
        {
            if (b is (< 0x20 and not (byte)'\r' and not (byte)'\n') or > 0x7e)
            {
                fault = "a byte that no head may hold";
                return null;
            }
        }

        // What is left of CR or LF after the split stands alone somewhere.
        var lines = Encoding.ASCII.GetString(head[..^4]).Split("\r\n");
        if (Array.Exists(lines, l => l.AsSpan().ContainsAny('\r', '\n')))
        {
            fault = "a line that does not end with CRLF";
            return null;
        }

        if (lines[0].Split(' ') is not [{ Length: > 0 } method, { Length: > 0 } target, "HTTP/1.1" or "HTTP/1.0"])
        {
            fault = "no request line of HTTP/1.1";
            return null;
        }

        var headers = ReadHeaders(lines.AsSpan(1), target, out fault);
        return headers is null ? null : new ConnectHead(method, target, headers.GetValueOrDefault("proxy-authorization", ""));
    }

    private static Dictionary<string, string>? ReadHeaders(ReadOnlySpan<string> lines, string target, out string fault)
    {
        fault = lines.Length > MaxHeaders ? $"more than {MaxHeaders} headers" : "";
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon > 0 ? line[..colon] : "";
            if (name.Length == 0 || !name.All(IsNameCharacter))
            {
                fault = "a header without a name, or continued on the next line";
            }
            else if (!headers.TryAdd(name, line[(colon + 1)..].Trim(' ')))
            {
                fault = $"the header '{name}' twice";
            }
        }

        if (headers.ContainsKey("transfer-encoding") || headers.GetValueOrDefault("content-length", "0") != "0")
        {
            fault = "a body";
        }
        else if (headers.TryGetValue("host", out var host) && !NamesTarget(host, target))
        {
            fault = "a Host that is not the target";
        }

        return fault.Length == 0 ? headers : null;
    }

    // Some clients leave the port out.
    private static bool NamesTarget(string host, string target) =>
        host.Equals(target, StringComparison.OrdinalIgnoreCase)
        || (target.Length > host.Length && target.StartsWith(host, StringComparison.OrdinalIgnoreCase) && target[host.Length] == ':' && !target.AsSpan(host.Length + 1).Contains(':'));

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '!' or '#' or '$' or '%' or '&' or '\'' or '*' or '+' or '^' or '`' or '|' or '~';
}
