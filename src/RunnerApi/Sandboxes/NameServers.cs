using System.Net;

namespace Actors.RunnerApi.Sandboxes;

/// <summary>The name servers that this process asks: on a cluster the cluster's own, on one machine the machine's. A sandbox must not reach them: names carry data.</summary>
internal static class NameServers
{
    private const int Most = 3;

    internal static IEnumerable<ForbiddenTarget> Find()
    {
        try
        {
            return File.ReadLines("/etc/resolv.conf").Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(w => w is ["nameserver", var a, ..] && IPAddress.TryParse(a, out _)).Take(Most).Select(w => new ForbiddenTarget("dns", w[1], 53)).ToList();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
