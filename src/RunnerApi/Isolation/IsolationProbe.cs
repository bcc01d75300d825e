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

/// <summary>Looks from inside a sandbox that is launched like any other; where sandboxes have addresses, a second one listens.</summary>
internal sealed class IsolationProbe(ISandboxDriver driver, IsolationOptions options, TimeProvider time)
{
    /// <summary>Opens the way of kinds that may reach something.</summary>
    public SandboxEgress? Opener { get; init; }

    private const int MostPrinted = 64 * 1024;

    // By address, so that no name needs to be resolved.
    private static readonly ForbiddenTarget[] Everywhere =
    [
        new("internet", "1.1.1.1", 443), new("internet", "8.8.8.8", 53), new("internet", "2606:4700:4700::1111", 443),
        new("metadata", "169.254.169.254", 80), new("dns", "1.1.1.1", 53),
    ];

    /// <summary>Runs the probe and judges it. A probe that cannot run has failed; only cancellation is thrown.</summary>
    internal async Task<IReadOnlyList<IsolationCheck>> RunAsync(SandboxKind kind, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(options.ProbeSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var id = $"isolation-{Guid.NewGuid():N}";
        try
        {
            return await RunAsync(kind, id, either.Token);
        }
        catch (SandboxException e)
        {
            return Failed(e.Message);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return Failed($"it did not end within {options.ProbeSeconds} s");
        }
        finally
        {
            await StopAsync(id);
            await StopAsync(Neighbour(id));
        }
    }

    private static string Neighbour(string id) => id + "-neighbour";

    private static IReadOnlyList<IsolationCheck> Failed(string why) => [new IsolationCheck("probe", Passed: false, "the probe could not run: " + why)];

    private async Task<IReadOnlyList<IsolationCheck>> RunAsync(SandboxKind kind, string id, CancellationToken cancellationToken)
    {
        await using var neighbour = driver.HasAddresses ? await StartAsync(kind, Neighbour(id), ProbeScript.Listen, cancellationToken) : null;
        if (neighbour is not null && !(await ReadUntilAsync(neighbour.Stdout, "listening", cancellationToken)).Contains("listening", StringComparison.Ordinal))
        {
            return Failed("its neighbour does not listen");
        }

        var expected = EgressExpectation.Of(kind.Egress, kind.Egress.Count == 0 ? null : Opener?.ProxyAddress);
        if (kind.Egress.Count > 0)
        {
            await (Opener ?? throw new InvalidOperationException("nothing opens the network")).OpenForProbeAsync(id, kind.Egress, cancellationToken);
        }

        IReadOnlyList<ForbiddenTarget> elsewhere = [.. Everywhere, .. await driver.ForbiddenTargetsAsync(neighbour is null ? null : Neighbour(id), ProbeScript.NeighbourPort, cancellationToken)];
        IReadOnlyList<ForbiddenTarget> targets = [.. elsewhere.Where(t => !expected.IsOpen(t)), .. expected.Closed];
        await using var probe = await StartAsync(kind, id, ProbeScript.Probe([.. targets, .. expected.Open]), cancellationToken);
        return IsolationFindings.Judge(await ReadUntilAsync(probe.Stdout, "done=1", cancellationToken), kind.IsGvisor, targets, expected.Open);
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
    }
}
