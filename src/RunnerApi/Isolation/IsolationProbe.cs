using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Isolation;

/// <summary>A kind of sandbox: what differs between two of them as far as isolation goes.</summary>
/// <param name="Runtime">As the driver names it.</param>
/// <param name="IsGvisor">The policy counts on gVisor.</param>
/// <param name="Nodes">Where it runs.</param>
internal sealed record SandboxKind(string Runtime, bool IsGvisor, NodePlacement? Nodes)
{
    /// <summary>The nodes as text, also what tells two kinds apart.</summary>
    internal string Place => Nodes is null ? "" : string.Join(',', Nodes.Selector.Select(s => $"{s.Key}={s.Value}").Concat(Nodes.Tolerations.Select(t => $"{t.Key}={t.Value}:{t.Effect}")));
}

/// <summary>Looks from inside a sandbox that is launched like any other; where sandboxes have addresses, a second one listens.</summary>
internal sealed class IsolationProbe(ISandboxDriver driver, IsolationOptions options, TimeProvider time)
{
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

        IReadOnlyList<ForbiddenTarget> targets = [.. Everywhere, .. await driver.ForbiddenTargetsAsync(neighbour is null ? null : Neighbour(id), ProbeScript.NeighbourPort, cancellationToken)];
        await using var probe = await StartAsync(kind, id, ProbeScript.Probe(targets), cancellationToken);
        return IsolationFindings.Judge(await ReadUntilAsync(probe.Stdout, "done=1", cancellationToken), kind.IsGvisor, targets);
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
        }
        catch (SandboxException)
        {
            // Without a journal the reaper takes it for an orphan.
        }
    }
}
