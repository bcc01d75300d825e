using System.Globalization;
using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Isolation;

/// <summary>Judges what a probe printed. What is missing or unclear has failed.</summary>
internal static class IsolationFindings
{
    // What gVisor's kernel says of itself, older and newer, beside the name in its command line; no host's kernel is of that version and time.
    private static readonly string[] GvisorVersions = ["Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016", "Linux version 4.19.0-gvisor #1 SMP Sun Jan 10 15:06:54 PST 2016"];
    private const int MostDetail = 300;

    /// <param name="printed">The probe's stdout.</param>
    /// <param name="isGvisor">The runtime claims to be gVisor.</param>
    /// <param name="targets">What had to be tried in vain.</param>
    /// <param name="open">What had to be reached.</param>
    internal static IReadOnlyList<IsolationCheck> Judge(string printed, bool isGvisor, IReadOnlyList<ForbiddenTarget> targets, IReadOnlyList<ForbiddenTarget>? open = null)
    {
        var lines = printed.Split('\n').Where(l => l.Contains('=', StringComparison.Ordinal)).Select(l => l.Split('=', 2)).ToLookup(l => l[0], l => l[1].Trim(), StringComparer.Ordinal);
        if (One("done") != "1")
        {
            return [new IsolationCheck("probe", Passed: false, Cut("the probe did not finish; it printed: " + printed.ReplaceLineEndings(" ")))];
        }

        List<IsolationCheck> checks = [Runtime(), Identity(), Empty("root_read_only", "writable", "nothing outside /tmp can be written", "can be written:"), Empty("token_absent", "token", "no service account's token", "there is")];
        var tried = lines["tcp"].Select(l => l.Split(' ')).Where(t => t.Length == 4).ToList();
        open ??= [];
        checks.AddRange(open.Select(o => Reached(o, tried)));
        foreach (var kind in targets.Select(t => t.Kind).Concat(tried.Select(t => t[0])).Except(open.Select(o => o.Kind), StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            checks.Add(Egress(kind, [.. tried.Where(t => t[0] == kind)], [.. targets.Where(t => t.Kind == kind)]));
        }

        return checks;

        string One(string name) => lines[name].FirstOrDefault() ?? "";

        IsolationCheck Runtime()
        {
            var looksLikeGvisor = GvisorVersions.Contains(One("version"), StringComparer.Ordinal) && One("sentry") is not ("" or "0");
            return new IsolationCheck("runtime", !isGvisor || looksLikeGvisor, Cut(isGvisor && !looksLikeGvisor ? "not gVisor: " + One("version") : One("version")));
        }

        IsolationCheck Identity()
        {
            // gVisor filters its own calls to the host; what it shows inside depends on how it was started.
            var holds = One("uid") == "65532" && One("caps") == "0" && One("nnp") == "1" && (isGvisor || One("seccomp") == "2");
            return new IsolationCheck("identity", holds, $"uid {Cut(One("uid"))}, capability sets that are not empty {Cut(One("caps"))}, no_new_privs {Cut(One("nnp"))}, seccomp {Cut(One("seccomp"))}");
        }

        IsolationCheck Empty(string check, string name, string good, string bad) =>
            lines[name].ToList() is [""] ? new IsolationCheck(check, Passed: true, good) : new IsolationCheck(check, Passed: false, Cut($"{bad} {One(name)}"));
    }

    private static IsolationCheck Egress(string kind, IReadOnlyList<string[]> tried, IReadOnlyList<ForbiddenTarget> targets)
    {
        var name = "egress_" + kind;
        if (targets.FirstOrDefault(t => !tried.Any(x => x[1] == t.Host && x[2] == t.Port.ToString(CultureInfo.InvariantCulture))) is { } missing)
        {
            return new IsolationCheck(name, Passed: false, Cut($"{missing.Host} {missing.Port} was not tried"));
        }

        var reached = tried.Where(t => !IsBlocked(t)).Select(t => $"{t[1]} {t[2]} {t[3]}").ToList();
        return reached.Count == 0
            ? new IsolationCheck(name, Passed: true, Cut("blocked: " + string.Join(", ", tried.Select(t => $"{t[1]} {t[2]}"))))
            : new IsolationCheck(name, Passed: false, Cut("reached: " + string.Join(", ", reached)));
    }

    private static IsolationCheck Reached(ForbiddenTarget target, IReadOnlyList<string[]> tried)
    {
        var port = target.Port.ToString(CultureInfo.InvariantCulture);
        var result = tried.FirstOrDefault(t => t[0] == target.Kind && t[1] == target.Host && t[2] == port)?[3] ?? "not tried";
        return new IsolationCheck("egress_" + target.Kind, result == "open", Cut($"{target.Host} {port}: {result}"));
    }

    // The sandbox' own loopback refuses by itself.
    private static bool IsBlocked(string[] tried) =>
        tried[3] == "blocked" || (tried[3] == "refused" && IPAddress.TryParse(tried[1], out var address) && IPAddress.IsLoopback(address));

    private static string Cut(string untrusted)
    {
        var text = string.Concat(untrusted.Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length <= MostDetail ? text : text[..MostDetail] + "…";
    }
}
