using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Runs;

namespace Actors.Grains.Tests.Simulation;

/// <summary>What came of one schedule.</summary>
/// <param name="Violations">Empty when the invariants hold.</param>
/// <param name="Succeeded">Runs that ended as they would without faults.</param>
/// <param name="Quarantined">Runs that were given up.</param>
/// <param name="Faults">By kind.</param>
/// <param name="Commands">Acknowledged ones, by kind.</param>
/// <param name="Fingerprint">Of the interleaving.</param>
internal sealed record SimResult(
    IReadOnlyList<string> Violations, int Runs, int Succeeded, int Quarantined, IReadOnlyDictionary<string, int> Faults, IReadOnlyDictionary<string, int> Commands, long Steps, ulong Fingerprint);

/// <summary>Three silos, one database, one runner, and a random history of submits, commands and faults; then everything heals and must come to an end.</summary>
internal sealed class Simulation
{
    private const int Silos = 3;
    private const int MostFaults = 6;

    // From where one takeover is one too many, to where hardly any is.
    private static readonly int[] s_maxStrikes = [1, 2, 5, 40];
    private static readonly TimeSpan Trouble = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(12);
    private static readonly TimeSpan Afterwards = TimeSpan.FromSeconds(8);
    private readonly SimWorld _world;
    private readonly ModelRunStore _store;
    private readonly SimDatabase _database;
    private readonly SimRunner _runner;
    private readonly List<SimSilo> _silos = [];
    private readonly RunOptions _options;
    private readonly int _runs;
    private readonly HashSet<string> _acknowledged = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _faults = new(StringComparer.Ordinal);
    private readonly SimPeople _people;

    public Simulation(int seed, int runs, StoreMutation mutation = StoreMutation.None)
    {
        _world = new SimWorld(seed);
        _runs = runs;
        _store = new ModelRunStore(new SimTime(_world, null)) { ChecksFence = mutation != StoreMutation.EpochCheckRemoved };
        _database = new SimDatabase(_world, _store, mutation);
        _runner = new SimRunner(_world);
        _options = new RunOptions
        {
            MaxActive = 3, MaxActivePerSubmitter = 4, Lease = TimeSpan.FromSeconds(6), MaxStrikes = s_maxStrikes[_world.Random.Next(s_maxStrikes.Length)], Drain = TimeSpan.FromSeconds(2),
        };
        var wakeUps = new List<SimWakeUps>();
        var ids = new SimIds();
        for (var i = 0; i < Silos; i++)
        {
            _silos.Add(new SimSilo(_database, _runner, wakeUps, ids, _options));
        }

        _people = new SimPeople(_world, _store, AnySilo);
    }

    public SimResult Play()
    {
        foreach (var silo in _silos)
        {
            silo.Start();
        }

        PlanSubmits();
        for (var faults = _world.Random.Next(MostFaults + 1); faults > 0; faults--)
        {
            _world.After(_world.Upto(Trouble), Break);
        }

        _people.Start();
        _world.RunUntil(SimWorld.Start + Trouble);
        Heal();
        var end = _world.Now + Patience;
        do
        {
            _world.RunUntil(end, AllDone);

            // Whoever was paused and believes to own something still tries; a submit that was held up arrives, and its run has to end as well.
            _world.RunUntil(_world.Now + Afterwards);
        }
        while (!AllDone() && _world.Now < end);
        var runs = _store.World.Runs.Values.ToList();
        var violations = new ModelHistoryChecker(_store, _acknowledged, _runner, _options, _faults).Check();
        return new SimResult(
            violations,
            runs.Count,
            runs.Count(r => r.Stored.State.Outcome == RunOutcome.Succeeded),
            runs.Count(r => r.Stored.State.Error?.Code == "quarantined"),
            _faults,
            _people.Acknowledged,
            _world.Steps,
            _world.Fingerprint);
    }

    /// <summary>One more submit, that long after the start.</summary>
    public void SubmitAt(TimeSpan at) => _world.After(at, () => Submit(null));

    private bool AllDone() => _store.World.Runs.Values.All(r => r.IsDone);

    private void PlanSubmits()
    {
        for (var i = 0; i < _runs; i++)
        {
            var key = _world.Chance(0.3) ? $"key-{i}" : null;
            for (var times = key is null ? 1 : 2; times > 0; times--)
            {
                _world.After(_world.Upto(Trouble / 3), () => Submit(key));
            }
        }
    }

    private SimSilo? AnySilo() => _silos.Where(s => s.IsUp).ToList() is { Count: > 0 } up ? up[_world.Random.Next(up.Count)] : null;

    private void Submit(string? key)
    {
        if (AnySilo() is not { Directory: { } directory } silo)
        {
            return;
        }

        var workflow = SimWorkflows.All[key is null ? _world.Random.Next(SimWorkflows.All.Count) : 0];
        var request = new SubmitRequest { WorkflowId = workflow.Id, Params = JsonElement.Parse("""{"text":"a"}"""), Submitter = _world.Chance(0.5) ? "a" : "b", IdempotencyKey = key };
        request = key is null ? request : request with { Submitter = "a" };
        _ = silo.Process.Do(async () =>
        {
            try
            {
                var run = await directory.SubmitAsync(request, default);
                _acknowledged.Add(run.RunId);
                if (_world.Chance(0.3))
                {
                    _world.After(_world.Upto(Trouble / 2), () => _people.Cancel(run.RunId));
                }
            }
            catch (Exception e) when (e is RunRejectedException or IOException)
            {
                // Not acknowledged: it may be there or not.
            }

            return true;
        });
    }

    private void Break()
    {
        var silo = _silos[_world.Random.Next(_silos.Count)];
        switch (_world.Random.Next(10))
        {
            case 0 or 1 when silo.IsUp:
                Count("crash");
                silo.Crash();
                _world.After(_world.Upto(TimeSpan.FromSeconds(12)), () => Restart(silo));
                break;
            case 2 or 3 when silo.IsUp:
                Count("pause");
                var process = silo.Process;
                process.IsPaused = true;
                _world.After(_world.Upto(TimeSpan.FromSeconds(12)), () => process.IsPaused = false);
                break;
            case 4:
                Count("outage");
                _database.IsDown = true;
                _world.After(_world.Upto(TimeSpan.FromSeconds(10)), () => _database.IsDown = false);
                break;
            case 5:
                Count("lost answers");
                _database.LostAnswers = 0.05;
                _world.After(_world.Upto(TimeSpan.FromSeconds(5)), () => _database.LostAnswers = 0);
                break;
            case 9:
                Count("late requests");
                _database.LateRequests = 0.1;
                _world.After(_world.Upto(TimeSpan.FromSeconds(10)), () => _database.LateRequests = 0);
                break;
            case 6 when _world.Chance(0.5):
                Count("failover");
                _store.FailOver(_world.Random.Next(1, 6));
                break;
            case 6:
                Count("clock jump");
                silo.Process.Time.Wrong = TimeSpan.FromMinutes(_world.Random.Next(-60, 60));
                break;
            case 7 when silo.IsUp && !silo.Process.IsPaused:
                Count("stop");
                silo.Stop();
                _world.After(_world.Upto(TimeSpan.FromSeconds(10)), () => Restart(silo));
                break;
            case 8 when _world.Chance(0.5):
                Count("runner down");
                _runner.IsDown = true;
                _world.After(_world.Upto(TimeSpan.FromSeconds(8)), () => _runner.IsDown = false);
                break;
            case 8:
                Count("sandbox lost");
                _runner.LoseOne();
                break;
        }
    }

    private static void Restart(SimSilo silo)
    {
        if (!silo.IsUp)
        {
            silo.Start();
        }
    }

    private void Heal()
    {
        _database.IsDown = false;
        _database.LostAnswers = 0;
        _database.LateRequests = 0;
        _runner.IsDown = false;
        foreach (var silo in _silos)
        {
            silo.Process.IsPaused = false;
            silo.Process.Time.Wrong = TimeSpan.Zero;
            Restart(silo);
        }
    }

    private void Count(string fault) => _faults[fault] = _faults.GetValueOrDefault(fault) + 1;
}
