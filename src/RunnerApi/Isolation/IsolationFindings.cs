using System.Globalization;
using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Isolation;

/// <summary>Judges what a probe printed. What is missing or unclear has failed.</summary>
internal static class IsolationFindings
{
    // What gVisor's kernel says of itself, older and newer, beside the name in its command line; no host's kernel is of that version and time.
    private static readonly string[] GvisorVersions = ["Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016", "Linux version 4.19.0-gvisor #1 SMP Sun Jan 10 15:06:54 PST 2016"];
    private static readonly HashSet<string> Unknown = [];
    private const int MostDetail = 300;

    /// <param name="report">What the probe printed.</param>
    /// <param name="isGvisor">The runtime claims to be gVisor.</param>
    /// <param name="targets">What had to be tried in vain.</param>
    /// <param name="expected">What is opened.</param>
    /// <param name="listening">Where the runner itself knows that something listens, as <see cref="ProbeAttempt.Address"/>.</param>
    internal static IReadOnlyList<IsolationCheck> Judge(
        ProbeReport report, bool isGvisor, IReadOnlyList<ForbiddenTarget> targets, EgressExpectation? expected = null, IReadOnlySet<string>? listening = null)
    {
        if (!report.IsFinished)
        {
            return [new IsolationCheck("probe", Passed: false, Cut("the probe did not finish; it printed: " + report.Printed.ReplaceLineEndings(" ")))];
        }

        expected ??= EgressExpectation.Of([], null);
        listening ??= Unknown;
        List<IsolationCheck> checks =
        [
            Runtime(report, isGvisor),
            Identity(report, isGvisor),
            Empty("root_read_only", report.Writable, "nothing outside /tmp can be written", "can be written:"),
            Empty("token_absent", report.Token, "no service account's token", "there is"),
            .. expected.Open.Select(o => Reached(o, report)),
            .. expected.Allowed.Select(a => Allowed(a, report, listening)),
        ];
        var opened = expected.Open.Concat(expected.Allowed).Select(o => o.Kind);
        foreach (var kind in targets.Select(t => t.Kind).Concat(report.Attempts.Select(t => t.Kind)).Except(opened, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            checks.Add(Egress(kind, [.. report.Attempts.Where(t => t.Kind == kind)], [.. targets.Where(t => t.Kind == kind)], listening));
        }

        return checks;
    }

    /// <summary>True when a connection came through that must not, also of a probe that did not finish.</summary>
    internal static bool SawAHole(ProbeReport report, EgressExpectation expected)
    {
        var opened = expected.Open.Concat(expected.Allowed).Select(o => o.Kind).ToHashSet(StringComparer.Ordinal);
        return report.Attempts.Any(t => t.Result == "open" && !opened.Contains(t.Kind));
    }

    /// <summary>As in <see cref="ProbeAttempt.Address"/>.</summary>
    internal static string AddressOf(ForbiddenTarget target) => target.Host + " " + target.Port.ToString(CultureInfo.InvariantCulture);

    private static IsolationCheck Runtime(ProbeReport report, bool isGvisor)
    {
        var looksLikeGvisor = GvisorVersions.Contains(report.Version, StringComparer.Ordinal) && report.NamesGvisor;
        return new IsolationCheck("runtime", !isGvisor || looksLikeGvisor, Cut(isGvisor && !looksLikeGvisor ? "not gVisor: " + report.Version : report.Version));
    }

    private static IsolationCheck Identity(ProbeReport report, bool isGvisor)
    {
        // gVisor filters its own calls to the host; what it shows inside depends on how it was started.
        var holds = report is { Uid: "65532", Capabilities: "0", NoNewPrivileges: "1" } && (isGvisor || report.Seccomp == "2");
        return new IsolationCheck("identity", holds, $"uid {Cut(report.Uid)}, capability sets that are not empty {Cut(report.Capabilities)}, no_new_privs {Cut(report.NoNewPrivileges)}, seccomp {Cut(report.Seccomp)}");
    }

    private static IsolationCheck Empty(string check, string? seen, string good, string bad) =>
        seen is "" ? new IsolationCheck(check, Passed: true, good) : new IsolationCheck(check, Passed: false, Cut($"{bad} {seen}"));

    private static IsolationCheck Egress(string kind, IReadOnlyList<ProbeAttempt> tried, IReadOnlyList<ForbiddenTarget> targets, IReadOnlySet<string> listening)
    {
        var name = "egress_" + kind;
        if (targets.FirstOrDefault(t => !tried.Any(x => x.Address == AddressOf(t))) is { } missing)
        {
            return new IsolationCheck(name, Passed: false, Cut($"{AddressOf(missing)} was not tried"));
        }

        var reached = tried.Where(t => !IsBlocked(t, listening)).Select(t => t.ToString()).Distinct(StringComparer.Ordinal).ToList();
        return reached.Count == 0
            ? new IsolationCheck(name, Passed: true, Cut("blocked: " + string.Join(", ", tried.Select(t => t.Address).Distinct(StringComparer.Ordinal))))
            : new IsolationCheck(name, Passed: false, Cut("reached: " + string.Join(", ", reached)));
    }

    private static IsolationCheck Reached(ForbiddenTarget target, ProbeReport report)
    {
        var result = ResultOf(target, report);
        return new IsolationCheck("egress_" + target.Kind, result == "open", Cut($"{AddressOf(target)}: {result}"));
    }

    // A target of others may be down; only one that answers the runner has to answer the probe.
    private static IsolationCheck Allowed(ForbiddenTarget target, ProbeReport report, IReadOnlySet<string> listening)
    {
        var result = ResultOf(target, report);
        var address = AddressOf(target);
        return new IsolationCheck("egress_" + target.Kind, result == "open" || (result != "not tried" && !listening.Contains(address)), Cut($"{address}: {result}"));
    }

    private static string ResultOf(ForbiddenTarget target, ProbeReport report) =>
        report.Attempts.FirstOrDefault(t => t.Kind == target.Kind && t.Address == AddressOf(target))?.Result ?? "not tried";

    // The sandbox' own loopback refuses by itself. Where something listens, a refusal comes from what keeps the sandbox away from it.
    private static bool IsBlocked(ProbeAttempt tried, IReadOnlySet<string> listening) => tried.Result switch
    {
        "blocked" => true,
        "refused" => (IPAddress.TryParse(tried.Host, out var address) && IPAddress.IsLoopback(address)) || listening.Contains(tried.Address),
        _ => false,
    };

    private static string Cut(string untrusted)
    {
        var text = string.Concat(untrusted.Select(c => char.IsControl(c) ? ' ' : c));
        return text.Length <= MostDetail ? text : text[..MostDetail] + "…";
    }
}
