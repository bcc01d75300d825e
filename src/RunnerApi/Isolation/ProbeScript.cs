using System.Globalization;
using System.Net;
using System.Text;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Isolation;

/// <summary>What runs inside a sandbox to see what it can do. Prints <c>name=value</c> lines; <c>done=1</c> is the last.</summary>
internal static class ProbeScript
{
    /// <summary>Port on which a neighbour listens.</summary>
    internal const int NeighbourPort = 8765;

    // One after the other: under gVisor each process costs about ten of the tasks that a node allows a pod.
    // A connection that is refused was answered: the packet went out. Only silence and "no way there" are isolation; anything else counts as reached:
    // also a peer that takes the connection and says nothing, until time is up. A name server that answers with an error has answered.
    private const string Head = """
        B=/bin/busybox
        try() {
          out=$($B timeout 10 $B nc -w ${4:-2} $2 $3 </dev/null 2>&1); rc=$?
          case "$rc:$out" in
            0:*) r=open ;;
            *refused*) r=refused ;;
            *nreachable*|*"o route"*|*"timed out"*|*"annot assign"*|*"ot permitted"*|*"ermission denied"*) r=blocked ;;
            *) r="unclear" ;;
          esac
          echo "tcp=$1 $2 $3 $r"
        }

        """;

    // What is enforced only some time after the start shows here alone: from the first moment on, again and again.
    private const string Knock = """
        end=$(($($B date +%s)+3))
        while $B [ $($B date +%s) -lt $end ]; do try {0} 1; done

        """;

    // What is known only once the probe runs, such as its own node.
    private const string More = """
        while read -r kind host port; do
          if $B [ "$kind" = end ]; then break; fi
          try $kind $host $port
        done

        """;

    private const string Body = """
        say() { echo "$1=$2"; }
        say version "$($B cat /proc/version)"
        say sentry "$($B grep -c gvisor /proc/cmdline)"
        say uid "$($B id -u)"
        say caps "$($B grep '^Cap[IPEB]' /proc/self/status | $B grep -cv '0000000000000000$')"
        say nnp "$($B setpriv -d 2>/dev/null | $B grep -c 'no_new_privs: 1')"
        say seccomp "$($B grep '^Seccomp:' /proc/self/status | $B tr -dc 0-9)"
        w=; for d in / /bin /etc /dev /proc /sys /run /usr /var; do if $B [ -d $d ] && $B touch $d/.probe 2>/dev/null; then w="$w $d"; fi; done
        say writable "$w"
        t=; for f in /var/run/secrets/kubernetes.io /run/secrets/kubernetes.io /var/run/secrets/eks.amazonaws.com; do if $B [ -e $f ]; then t="$t $f"; fi; done
        say token "$t"
        say interfaces "$($B tail -n +3 /proc/net/dev 2>/dev/null | $B cut -d: -f1 | $B tr -d ' ' | $B tr '\n' ' ')"
        ask() {
          out=$($B timeout 6 $B nslookup -type=a example.com $1 2>&1); rc=$?
          case "$rc:$out" in
            143:|124:|*"timed out"*|*"no servers"*|*nreachable*|*"o route"*|*"annot assign"*|*"ot permitted"*|*"ermission denied"*) r=blocked ;;
            *"onnection refused"*) r=refused ;;
            *) r=open ;;
          esac
          echo "tcp=dns $1 53/udp $r"
        }
        for s in $($B grep '^nameserver' /etc/resolv.conf 2>/dev/null | $B cut -d' ' -f2); do ask $s; done
        if $B [ -n "$KUBERNETES_SERVICE_HOST" ]; then try cluster_api $KUBERNETES_SERVICE_HOST ${KUBERNETES_SERVICE_PORT:-443}; fi
        """;

    /// <summary>Arguments of the neighbour.</summary>
    internal static IReadOnlyList<string> Listen => ["/bin/busybox", "sh", "-c", $"/bin/busybox httpd -p {NeighbourPort} -h /tmp; echo listening; /bin/busybox cat"];

    /// <summary>Arguments of the probe. A target that is no address is not tried, and so fails.</summary>
    /// <param name="targets">What is tried.</param>
    /// <param name="readsMore">It reads the rest from its stdin, as <see cref="Lines"/> gives it.</param>
    internal static IReadOnlyList<string> Probe(IReadOnlyList<ForbiddenTarget> targets, bool readsMore)
    {
        var script = new StringBuilder(Head);
        foreach (var neighbour in targets.Where(t => t.Kind == "sandbox" && IsAddress(t)))
        {
            script.Append(Knock.Replace("{0}", Words(neighbour), StringComparison.Ordinal));
        }

        script.Append(Body).Append('\n');
        foreach (var target in targets.Where(IsAddress))
        {
            script.Append(CultureInfo.InvariantCulture, $"try {Words(target)}\n");
            if (target.Kind == "dns")
            {
                script.Append(CultureInfo.InvariantCulture, $"ask {target.Host}\n");
            }
        }

        return ["/bin/busybox", "sh", "-c", script.Append(readsMore ? More : "").Append("say done 1\n").ToString()];
    }

    /// <summary>What a probe that reads more waits for.</summary>
    internal static string Lines(IEnumerable<ForbiddenTarget> targets) => string.Concat(targets.Where(IsAddress).Select(t => Words(t) + "\n")) + "end\n";

    private static bool IsAddress(ForbiddenTarget target) => IPAddress.TryParse(target.Host, out _);

    private static string Words(ForbiddenTarget target) => string.Create(CultureInfo.InvariantCulture, $"{target.Kind} {target.Host} {target.Port}");
}
