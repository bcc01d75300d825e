using System.Collections.Concurrent;
using Actors.Chaos.Checker;
using Actors.Grains.Interfaces;
using Actors.Testing.Cluster;
using Actors.Testing.NullRunner;

namespace Actors.Chaos.Load;

/// <summary>MCP clients that submit, wait and cancel at all silos, and write down what they were told. A submit without an answer is repeated under its key until there is one.</summary>
internal sealed class LoadGenerator(IReadOnlyList<SiloNode> silos, LoadOptions options, int seed) : IDisposable
{
    private const string HerdKey = "herd-";
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly McpCaller _caller = new();
    private readonly ConcurrentBag<Submission> _submissions = [];
    private int _submits;

    /// <summary>Submits that were acknowledged.</summary>
    public IReadOnlyCollection<Submission> Submissions => _submissions;

    /// <summary>Keys that were used.</summary>
    public int Submits => _submits;

    /// <summary>Submits until <paramref name="until"/> ends; then each client finishes what it began, until <paramref name="giveUp"/>.</summary>
    public Task RunAsync(CancellationToken until, CancellationToken giveUp) =>
        Task.WhenAll(Enumerable.Range(0, options.Clients).Select(client => ClientAsync(new Random(Seeds.Mix(seed, client)), client, until, giveUp)));

    /// <summary>Submits many runs as fast as the silos take them.</summary>
    public async Task HerdAsync(int count, Random random, CancellationToken giveUp)
    {
        var numbers = new ConcurrentQueue<int>(Enumerable.Range(0, count));
        var herd = random.Next();
        await Task.WhenAll(Enumerable.Range(0, 64).Select(async worker =>
        {
            var own = new Random(Seeds.Mix(herd, worker));
            while (numbers.TryDequeue(out var number) && !giveUp.IsCancellationRequested)
            {
                await OneAsync(own, $"{HerdKey}{herd}-{number}", NullWorkflows.Three, 0, plain: true, giveUp);
            }
        }));
    }

    /// <summary>Whether a key is of a herd: its burst is no measure of what clients get done.</summary>
    public static bool IsOfHerd(string? key) => key?.StartsWith(HerdKey, StringComparison.Ordinal) == true;

    /// <summary>Submits one run and gives its id; null when there was no time.</summary>
    public Task<string?> OneAsync(Random random, string key, int milliseconds, CancellationToken giveUp) => OneAsync(random, key, NullWorkflows.Three, milliseconds, plain: true, giveUp);

    public void Dispose() => _caller.Dispose();

    private async Task ClientAsync(Random random, int client, CancellationToken until, CancellationToken giveUp)
    {
        for (var number = 1; !until.IsCancellationRequested; number++)
        {
            var workflow = Workflow(random.Next(100));
            var work = workflow == NullWorkflows.Hang ? 3_600_000 : random.Next(options.LongestCall);
            await OneAsync(random, $"{seed}-{client}-{number}", workflow, work, plain: false, giveUp);
        }
    }

    private string Workflow(int dice) =>
        dice < options.HangPercent ? NullWorkflows.Hang
        : dice < options.HangPercent + options.RepeatablePercent ? NullWorkflows.Repeatable
        : dice < options.HangPercent + options.RepeatablePercent + options.WaitsPercent ? NullWorkflows.Waits
        : NullWorkflows.Three;

    private async Task<string?> OneAsync(Random random, string key, string workflow, int work, bool plain, CancellationToken giveUp)
    {
        Interlocked.Increment(ref _submits);
        var parameters = new { ms = work };
        var told = new ConcurrentQueue<string>();
        var first = Submit(random);
        var twice = !plain && random.Next(100) < options.TwicePercent ? Submit(random) : Task.FromResult<RunView?>(null);
        var run = await first;
        _ = await twice;
        if (run is null)
        {
            return null;
        }

        var cancelled = !plain && random.Next(100) < options.CancelPercent && await CancelAsync(random, run, random.Next(600), giveUp);
        _submissions.Add(new Submission(key, workflow, [.. told], cancelled));
        if (!plain)
        {
            await EndAsync(random, run, giveUp);
        }

        return run.RunId;

        async Task<RunView?> Submit(Random own)
        {
            // Two concurrent submits share no random numbers.
            own = new Random(own.Next());
            var answer = await TryAsync(own, (silo, token) => _caller.SubmitAsync(silo, workflow, parameters, key, token), giveUp);
            if (answer is not null)
            {
                told.Enqueue(answer.RunId);
            }

            return answer;
        }
    }

    /// <summary>True when the cancel was acknowledged before the run was done.</summary>
    private async Task<bool> CancelAsync(Random random, RunView run, int after, CancellationToken giveUp)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(after), TimeProvider.System, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var answer = await TryAsync(random, (silo, token) => _caller.CancelAsync(silo, run.RunId, token), giveUp);
        return answer is { Status: not RunStatus.Done };
    }

    private async Task EndAsync(Random random, RunView run, CancellationToken giveUp)
    {
        var asked = new HashSet<string>(StringComparer.Ordinal);
        while (run.Status != RunStatus.Done)
        {
            if (await TryAsync(random, (silo, token) => _caller.WaitAsync(silo, run.RunId, run.WorkflowId == NullWorkflows.Waits ? 1 : 5, token), giveUp) is not { } next)
            {
                return;
            }

            run = next;
            if (run.WaitingFor is { Kind: not WaitKind.Retry } wait && asked.Add(wait.Step) && random.Next(100) >= options.IgnoredPercent)
            {
                await TryAsync(random, (silo, token) => AnswerAsync(silo, run.RunId, wait, token), giveUp);
            }
        }
    }

    private async Task<RunView> AnswerAsync(Uri silo, string run, WaitView wait, CancellationToken cancellationToken)
    {
        try
        {
            return await (wait.Signal is { } signal ? _caller.SignalAsync(silo, run, signal, cancellationToken) : _caller.ApproveAsync(silo, run, wait.Step, cancellationToken));
        }
        catch (RunRejectedException)
        {
            // It does not wait any more: too late, or an answer before this one arrived though nobody said so.
            return await _caller.WaitAsync(silo, run, 1, cancellationToken);
        }
    }

    /// <summary>Asks one silo after the other until one answers; null when there is no time left.</summary>
    private async Task<RunView?> TryAsync(Random random, Func<Uri, CancellationToken, Task<RunView>> call, CancellationToken giveUp)
    {
        while (!giveUp.IsCancellationRequested)
        {
            var silo = silos[random.Next(silos.Count)];
            using var patience = new CancellationTokenSource(AnswerPatience, TimeProvider.System);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(giveUp, patience.Token);
            try
            {
                return await call(silo.Url, either.Token);
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or RunRejectedException)
            {
                await Task.Delay(Pause, TimeProvider.System, giveUp).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        return null;
    }
}
