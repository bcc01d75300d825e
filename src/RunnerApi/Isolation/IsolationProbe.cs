using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Egress;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Isolation;

/// <summary>A kind of sandbox: what differs between two of them as far as isolation goes.</summary>
/// <param name="Runtime">As the driver names it.</param>
/// <param name="IsGvisor">The policy counts on gVisor.</param>
/// <param name="Nodes">Where it runs.</param>
internal sealed record SandboxKind(string Runtime, bool IsGvisor, NodePlacement? Nodes)
{
    /// <summary>What it may reach.</summary>
    public IReadOnlyList<EgressRule> Egress { get; init; } = [];

    /// <summary>What it may reach as text, also what tells two kinds apart.</summary>
    internal string Reach => string.Join(", ", Egress.Select(r => $"{r.Host ?? r.Cidr} port {r.Port}"));

    /// <summary>The nodes as text, also what tells two kinds apart.</summary>
    internal string Place => Nodes is null ? "" : string.Join(',', Nodes.Selector.Select(s => $"{s.Key}={s.Value}").Concat(Nodes.Tolerations.Select(t => $"{t.Key}={t.Value}:{t.Effect}")));
}

/// <summary>What came of a probe.</summary>
/// <param name="Checks">Each check; empty when it could not run.</param>
/// <param name="CouldNotRun">Why nothing was seen; null when something was.</param>
internal sealed record ProbeOutcome(IReadOnlyList<IsolationCheck> Checks, string? CouldNotRun = null);

/// <summary>Looks from inside a sandbox that is launched like any other; where sandboxes have addresses, a second one listens.</summary>
internal sealed class IsolationProbe(ISandboxDriver driver, IsolationOptions options, TimeProvider time)
{
    private const int MostPrinted = 64 * 1024;
    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(2);

    // By address, so that no name needs to be resolved.
    private static readonly ForbiddenTarget[] Everywhere =
    [
        new("internet", "1.1.1.1", 443), new("internet", "8.8.8.8", 53), new("internet", "2606:4700:4700::1111", 443),
        new("metadata", "169.254.169.254", 80), new("dns", "1.1.1.1", 53),
    ];

    private readonly ConcurrentDictionary<string, bool> _running = new(StringComparer.Ordinal);

    /// <summary>Opens the way of kinds that may reach something.</summary>
    public SandboxEgress? Opener { get; init; }

    /// <summary>True for a sandbox of a probe that is under way.</summary>
    internal bool Owns(string id) => _running.ContainsKey(id);

    /// <summary>Runs the probe and judges it. Only cancellation is thrown.</summary>
    internal async Task<ProbeOutcome> RunAsync(SandboxKind kind, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.ProbeSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var id = $"isolation-{Guid.NewGuid():N}";
        try
        {
            _running[id] = _running[Neighbour(id)] = true;
            return await RunAsync(kind, id, either.Token);
        }
        catch (SandboxException e) when (e.Fault == SandboxFault.RuntimeUnavailable)
        {
            return new ProbeOutcome([new IsolationCheck("probe", Passed: false, e.Message)]);
        }
        catch (SandboxException e)
        {
            return NotRun(e.Message);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return NotRun($"it did not end within {options.ProbeSeconds} s");
        }
        finally
        {
            await StopAsync(id);
            await StopAsync(Neighbour(id));
        }
    }

    private static string Neighbour(string id) => id + "-neighbour";

    private static ProbeOutcome NotRun(string why) => new([], why);

    private async Task<ProbeOutcome> RunAsync(SandboxKind kind, string id, CancellationToken cancellationToken)
    {
        await using var neighbour = driver.HasAddresses ? await StartAsync(kind, Neighbour(id), ProbeScript.Listen, cancellationToken) : null;
        if (neighbour is not null && !(await ReadUntilAsync(neighbour.Stdout, "listening", cancellationToken)).Contains("listening", StringComparison.Ordinal))
        {
            return NotRun("its neighbour does not listen");
        }

        var expected = EgressExpectation.Of(kind.Egress, kind.Egress.Count == 0 ? null : Opener?.ProxyAddress);
        if (kind.Egress.Count > 0)
        {
            await (Opener ?? throw new InvalidOperationException("nothing opens the network")).OpenForProbeAsync(id, kind.Egress, cancellationToken);
        }

        IReadOnlyList<ForbiddenTarget> elsewhere = [.. Everywhere, .. await NearAsync(neighbour is null ? null : Neighbour(id), cancellationToken)];
        List<ForbiddenTarget> targets = [.. elsewhere.Where(t => !expected.IsOpen(t)), .. expected.Closed];
        await using var probe = await StartAsync(kind, id, ProbeScript.Probe([.. targets, .. expected.Open, .. expected.Allowed], readsMore: neighbour is not null), cancellationToken);
        if (neighbour is not null)
        {
            // The neighbour may be on another node, so that its own is known only now.
            List<ForbiddenTarget> own = [.. (await NearAsync(id, cancellationToken)).Where(t => t.Kind is "node" or "node_port" && !targets.Contains(t) && !expected.IsOpen(t))];
            await probe.Stdin.WriteAsync(Encoding.UTF8.GetBytes(ProbeScript.Lines(own)), cancellationToken);
            await probe.Stdin.FlushAsync(cancellationToken);
            targets.AddRange(own);
        }

        var report = ProbeReport.Parse(await ReadUntilAsync(probe.Stdout, "done=1", cancellationToken));
        return !report.IsFinished && !IsolationFindings.SawAHole(report, expected)
            ? NotRun("it ended half-way")
            : new ProbeOutcome(IsolationFindings.Judge(report, kind.IsGvisor, targets, expected, await ListeningAsync(report, targets, expected, cancellationToken)));
    }

    private Task<IReadOnlyList<ForbiddenTarget>> NearAsync(string? sandbox, CancellationToken cancellationToken) => driver.ForbiddenTargetsAsync(sandbox, ProbeScript.NeighbourPort, cancellationToken);

    // Asked only where the answer decides: about what refused the probe, and what it should have reached.
    private async Task<IReadOnlySet<string>> ListeningAsync(ProbeReport report, IReadOnlyList<ForbiddenTarget> targets, EgressExpectation expected, CancellationToken cancellationToken)
    {
        var refused = report.Attempts.Where(a => a.Result == "refused").Select(a => a.Address).ToHashSet(StringComparer.Ordinal);
        var asked = targets.Where(t => t.Kind != "sandbox" && refused.Contains(IsolationFindings.AddressOf(t))).Concat(expected.Allowed).Distinct();
        var found = await Task.WhenAll(asked.Select(async t => (Target: t, Listens: await ListensAsync(t, time, cancellationToken))));

        // The neighbour said itself that it listens.
        return found.Where(f => f.Listens).Select(f => f.Target).Concat(targets.Where(t => t.Kind == "sandbox")).Select(IsolationFindings.AddressOf).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>True when this process gets a connection.</summary>
    internal static async Task<bool> ListensAsync(ForbiddenTarget target, TimeProvider time, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_connect, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var address = IPAddress.Parse(target.Host);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, target.Port), either.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }

    private async Task<ISandboxConnection> StartAsync(SandboxKind kind, string id, IReadOnlyList<string> args, CancellationToken cancellationToken)
    {
        await driver.CreateAsync(
            new SandboxSpec
            {
                Id = id,
                Reference = options.ProbeImage,
                InsecureRegistry = options.ProbePlainHttp,
                Args = args,
                Runtime = kind.Runtime,
                CpuMillis = 200,
                MemoryBytes = 64 << 20,
                Pids = 64,
                Lifetime = TimeSpan.FromSeconds(options.ProbeSeconds),
                OutputBytes = MostPrinted,
                Nodes = kind.Nodes,
            },
            cancellationToken);
        return await driver.AttachAsync(id, cancellationToken);
    }

    private static async Task<string> ReadUntilAsync(Stream stdout, string mark, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        int read;
        while (text.Length < MostPrinted && (read = await stdout.ReadAsync(buffer, cancellationToken)) > 0)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            if (text.ToString().Contains(mark, StringComparison.Ordinal))
            {
                break;
            }
        }

        return text.ToString();
    }

    private async Task StopAsync(string id)
    {
        try
        {
            await driver.StopAsync(id, CancellationToken.None);
            await (Opener?.CloseAsync(id) ?? Task.CompletedTask);
        }
        catch (SandboxException)
        {
            // Without a journal the reaper takes it for an orphan.
        }
        finally
        {
            _running.TryRemove(id, out _);
        }
    }
}
