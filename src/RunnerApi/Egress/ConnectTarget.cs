using System.Globalization;
using System.Net;
using Actors.Verification.Network;

namespace Actors.RunnerApi.Egress;

/// <summary>Where a sandbox wants to go.</summary>
/// <param name="Host">A lower-case name, or an address in its canonical form without brackets.</param>
/// <param name="Port">1 to 65535.</param>
/// <param name="Address">The address when <paramref name="Host"/> is one.</param>
internal sealed record ConnectTarget(string Host, int Port, IPAddress? Address)
{
    /// <summary>Reads <c>name:port</c>, <c>1.2.3.4:port</c> or <c>[2001:db8::1]:port</c>; null for every other way to write an address or port.</summary>
    public static ConnectTarget? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !TryPort(text.AsSpan(colon + 1), out var port))
        {
            return null;
        }

        var host = text[..colon].ToLowerInvariant();
        if (HostName.IsName(host))
        {
            return new ConnectTarget(host, port, null);
        }

        var isSix = host.Length > 2 && host[0] == '[' && host[^1] == ']';
        var literal = isSix ? host[1..^1] : host;
        return IPAddress.TryParse(literal, out var address) && address.ToString() == literal && literal.Contains(':', StringComparison.Ordinal) == isSix && !address.IsIPv4MappedToIPv6 && !literal.Contains('%', StringComparison.Ordinal)
            ? new ConnectTarget(literal, port, address)
            : null;
    }

    private static bool TryPort(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= ushort.MaxValue && text.Length <= 5 && text[0] != '0';
}
