using System.Collections.Concurrent;
using System.Text.Json;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>The calls of one sandbox: holds them until the handshake is done, sends each at most once, ends all with the sandbox.</summary>
internal sealed class CallTable(SandboxJournal journal, Outbox outbox, RunnerOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, CallEntry> _calls = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private List<Action>? _held = [];
    private bool _closed;

    /// <summary>The call, or null.</summary>
    public CallEntry? Find(string callId) => _calls.GetValueOrDefault(callId);

    /// <summary>The only call that waits for an answer, or null when there are none or several.</summary>
    public CallEntry? OnlyPending
    {
        get
        {
            var waiting = _calls.Values.Where(c => c.AwaitsAnswer).Take(2).ToList();
            return waiting.Count == 1 ? waiting[0] : null;
        }
    }

    /// <summary>Takes a call, or returns the one that is there.</summary>
    /// <exception cref="RunnerProblem">400 no valid text, 409 another body, 410 ended, 429 too many.</exception>
    public CallEntry Put(string sandboxId, string callId, CallRequest request)
    {
        var (hash, line) = Encode(callId, request);
        lock (_gate)
        {
            if (_calls.TryGetValue(callId, out var known))
            {
                return known.BodyHash == hash ? known : throw RunnerProblem.Conflict($"Call '{callId}' was made before with another body; use a new call id.");
            }

            if (_closed)
            {
                throw RunnerProblem.Ended(sandboxId);
            }

            if (_calls.Count >= options.MaxCalls || _calls.Values.Count(c => c.IsPending) >= options.MaxCallsInFlight)
            {
                throw RunnerProblem.Busy($"Sandbox '{sandboxId}' has {options.MaxCallsInFlight} calls in flight or {options.MaxCalls} in all; wait for an answer.");
            }

            var entry = new CallEntry(callId, request.Method, hash, request.TimeoutSeconds, time);
            Func<byte[]?> begin = () => entry.TryBegin(journal) ? line : null;
            if (_held is not null)
            {
                _held.Add(() => outbox.TryPost(begin));
            }
            else if (!outbox.TryPost(begin))
            {
                throw RunnerProblem.Busy($"Sandbox '{sandboxId}' does not read its stdin; wait, or stop it.");
            }

            _calls[callId] = entry;
            entry.Arm(TimeSpan.FromSeconds(request.TimeoutSeconds), TimedOut);
            return entry;
        }
    }

    /// <summary>Loads what an earlier process sent. Clocks start when the output is read again: <see cref="ArmRestored"/>.</summary>
    public void Restore()
    {
        foreach (var (id, record) in journal.ReadCalls())
        {
            _calls[id] = CallEntry.Restore(id, record, time);
        }
    }

    /// <summary>Starts the clocks of restored calls, none earlier than the grace in which their answers are found.</summary>
    public void ArmRestored()
    {
        var grace = TimeSpan.FromSeconds(options.ReplayGraceSeconds);
        foreach (var entry in _calls.Values)
        {
            var left = entry.TimeLeft();
            entry.Arm(left > grace ? left : grace, TimedOut);
        }
    }

    /// <summary>The handshake is done: sends what was held.</summary>
    public void Release()
    {
        lock (_gate)
        {
            foreach (var post in _held ?? [])
            {
                post();
            }

            _held = null;
        }
    }

    /// <summary>No answer can come any more.</summary>
    public void Close(string code, string message)
    {
        lock (_gate)
        {
            _closed = true;
            _held = null;
        }

        foreach (var entry in _calls.Values)
        {
            entry.GiveUp(code, message, journal: null);
        }
    }

    /// <summary>Stops all clocks: this process lets go of the sandbox, the next one counts on.</summary>
    public void Disarm()
    {
        foreach (var entry in _calls.Values)
        {
            entry.Disarm();
        }
    }

    private void TimedOut(CallEntry entry)
    {
        if (entry.GiveUp(SandboxReasons.CallTimedOut, "The server did not answer in time.", journal))
        {
            outbox.TryPost(() => Outbound.Cancelled(entry.Id));
        }
    }

    private static (string Hash, byte[] Line) Encode(string callId, CallRequest request)
    {
        try
        {
            return (BodyHash.Of(request with { Fence = 0 }), Outbound.Call(callId, request.Method, request.Params));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or JsonException)
        {
            throw RunnerProblem.BadRequest("A string in 'params' is no valid Unicode text.");
        }
    }
}
