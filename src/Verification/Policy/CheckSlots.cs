using System.Threading.Channels;

namespace Actors.Verification.Policy;

/// <summary>More images of a registry are being checked than the gate takes on. Nothing was decided: ask again.</summary>
public sealed class GateBusyException() : Exception("As many images of this registry are being checked as the policy gate takes on at once. Ask again in a few seconds.");

/// <summary>Bounds how many checks of one registry run at once and how many wait for that: each may hold tens of megabytes of what a registry sent.</summary>
internal sealed class CheckSlots(PolicyOptions options, TimeProvider time)
{
    // What is in it is running; writing waits while it is full.
    private readonly Channel<bool> _running = Channel.CreateBounded<bool>(options.MaxChecks);
    private int _taken;

    /// <summary>Waits for a place, at most as long as a check may take; give it back with <see cref="Release"/>.</summary>
    /// <exception cref="GateBusyException">Too many wait already, or none became free in time.</exception>
    public async Task TakeAsync()
    {
        using var patience = new CancellationTokenSource(options.Deadline, time);
        try
        {
            RequirePlace(Interlocked.Increment(ref _taken));
            await _running.Writer.WriteAsync(true, patience.Token);
        }
        catch (Exception e) when (e is GateBusyException or OperationCanceledException)
        {
            Interlocked.Decrement(ref _taken);
            throw e as GateBusyException ?? new GateBusyException();
        }
    }

    /// <summary>Lets the next one in.</summary>
    public void Release()
    {
        Interlocked.Decrement(ref _taken);
        _running.Reader.TryRead(out _);
    }

    private void RequirePlace(int taken)
    {
        if (taken > options.MaxChecks + options.MaxWaitingChecks)
        {
            throw new GateBusyException();
        }
    }
}
