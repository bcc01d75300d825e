using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sessions.Journal;

namespace Actors.RunnerApi.Sessions;

/// <summary>What became of an answer.</summary>
internal enum AnswerFate
{
    /// <summary>It decided the call.</summary>
    Taken,

    /// <summary>The call was not sent yet: the server guessed its id.</summary>
    NotAsked,

    /// <summary>There was an answer already.</summary>
    Duplicate,

    /// <summary>The call was given up before.</summary>
    TooLate,
}

/// <summary>One call. Its first decision is final.</summary>
internal sealed class CallEntry(string id, string method, string bodyHash, int timeoutSeconds, TimeProvider time)
{
    private readonly Lock _gate = new();
    private CallStatus _status = CallStatus.Pending;
    private JsonElement? _result;
    private CallError? _error;
    private CallProgress? _progress;
    private CallRecord? _record;
    private double? _durationMs;
    private bool _answered;
    private bool _restored;
    private long _sentAt;
    private ITimer? _timer;

    /// <summary>The call's id.</summary>
    public string Id => id;

    /// <summary>Hash of the body that made it.</summary>
    public string BodyHash => bodyHash;

    /// <summary>Pulses at every change.</summary>
    public ChangeSignal Changed { get; } = new();

    /// <summary>True until it is decided.</summary>
    public bool IsPending
    {
        get
        {
            lock (_gate)
            {
                return _status == CallStatus.Pending;
            }
        }
    }

    /// <summary>True when it waits for an answer.</summary>
    public bool AwaitsAnswer
    {
        get
        {
            lock (_gate)
            {
                return _status == CallStatus.Pending && _record is not null;
            }
        }
    }

    /// <summary>A call that an earlier process sent.</summary>
    public static CallEntry Restore(string id, CallRecord record, TimeProvider time) =>
        new(id, record.Method, record.BodyHash, record.TimeoutSeconds, time)
        {
            _record = record,
            _restored = true,
            _status = record.Outcome?.Status ?? CallStatus.Pending,
            _error = record.Outcome?.Error,
        };

    /// <summary>Starts its clock; <paramref name="timedOut"/> runs once when it is over.</summary>
    public void Arm(TimeSpan due, Action<CallEntry> timedOut)
    {
        lock (_gate)
        {
            if (_status == CallStatus.Pending)
            {
                _timer ??= time.CreateTimer(_ => timedOut(this), null, due, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Stops its clock.</summary>
    public void Disarm()
    {
        lock (_gate)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    /// <summary>Records that it is about to be sent and restarts its clock; false when it is decided already or can't be recorded, so it must not be sent.</summary>
    public bool TryBegin(SandboxJournal journal)
    {
        lock (_gate)
        {
            if (_status != CallStatus.Pending || _record is not null)
            {
                return false;
            }

            var record = new CallRecord { Method = method, BodyHash = bodyHash, SentAt = time.GetUtcNow(), TimeoutSeconds = timeoutSeconds };
            try
            {
                journal.WriteCall(id, record);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Decide(CallStatus.Error, null, new CallError(CallErrorCodes.JournalFailed, "The runner could not record the call in its StateDirectory, so it was not sent."));
                return false;
            }

            _record = record;
            _sentAt = time.GetTimestamp();
            _timer?.Change(TimeSpan.FromSeconds(timeoutSeconds), Timeout.InfiniteTimeSpan);
            return true;
        }
    }

    /// <summary>Takes an answer: a result or an error.</summary>
    public AnswerFate Answer(JsonElement? result, CallError? error)
    {
        lock (_gate)
        {
            if (_record is null)
            {
                return AnswerFate.NotAsked;
            }

            if (_status != CallStatus.Pending)
            {
                return _answered ? AnswerFate.Duplicate : AnswerFate.TooLate;
            }

            _answered = true;
            Decide(error is null ? CallStatus.Result : CallStatus.Error, result, error);
            return AnswerFate.Taken;
        }
    }

    /// <summary>Ends it without an answer: undecided when it was sent, an error when it was not. True when a sent call was ended by this.</summary>
    /// <param name="code">Why.</param>
    /// <param name="message">For people.</param>
    /// <param name="journal">Where the outcome is kept; null when the sandbox' own end tells it after a restart.</param>
    public bool GiveUp(string code, string message, SandboxJournal? journal) => End(CallStatus.Unknown, new CallError(code, message), journal);

    /// <summary>Ends a sent call whose answer was seen but can't be kept.</summary>
    public void Spoil(string code, string message, SandboxJournal journal)
    {
        if (AwaitsAnswer)
        {
            End(CallStatus.Error, new CallError(code, message), journal);
        }
    }

    /// <summary>Keeps the latest progress of a call that waits for its answer.</summary>
    public void Report(CallProgress progress)
    {
        lock (_gate)
        {
            if (_status != CallStatus.Pending || _record is null)
            {
                return;
            }

            _progress = progress;
        }

        Changed.Pulse();
    }

    /// <summary>What a caller sees.</summary>
    public CallView View()
    {
        lock (_gate)
        {
            return new CallView { CallId = id, Status = _status, Result = _result, Error = _error, Progress = _progress, DurationMs = _durationMs };
        }
    }

    /// <summary>Time left of a restored call's timeout, from when it was sent.</summary>
    public TimeSpan TimeLeft() => _record!.SentAt + TimeSpan.FromSeconds(timeoutSeconds) - time.GetUtcNow();

    private bool End(CallStatus status, CallError error, SandboxJournal? journal)
    {
        lock (_gate)
        {
            if (_status != CallStatus.Pending)
            {
                return false;
            }

            if (_record is null)
            {
                Decide(CallStatus.Error, null, error with { Message = error.Message + " The call was not sent." });
                return false;
            }

            try
            {
                journal?.WriteCall(id, _record with { Outcome = new CallOutcome(status, error) });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Without the file a restart may find a late answer instead; the call is still never sent twice.
            }

            Decide(status, null, error);
            return true;
        }
    }

    private void Decide(CallStatus status, JsonElement? result, CallError? error)
    {
        _status = status;
        _result = result;
        _error = error;
        if (_record is not null && !_restored)
        {
            _durationMs = time.GetElapsedTime(_sentAt).TotalMilliseconds;
        }

        _timer?.Dispose();
        _timer = null;
        Changed.Pulse();
    }
}
