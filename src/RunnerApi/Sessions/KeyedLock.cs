namespace Actors.RunnerApi.Sessions;

/// <summary>One lock per key, forgotten when nobody holds or wants it.</summary>
internal sealed class KeyedLock
{
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Waits for the key; dispose the result to leave.</summary>
    public async Task<IDisposable> EnterAsync(string key, CancellationToken cancellationToken)
    {
        Slot slot;
        lock (_slots)
        {
            if (!_slots.TryGetValue(key, out slot!))
            {
                _slots[key] = slot = new Slot();
            }

            slot.Users++;
        }

        try
        {
            await slot.Semaphore.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            Leave(key, slot);
            throw;
        }

        return new Holder(this, key, slot);
    }

    private void Leave(string key, Slot slot)
    {
        lock (_slots)
        {
            if (--slot.Users == 0)
            {
                _slots.Remove(key);
                slot.Semaphore.Dispose();
            }
        }
    }

    private sealed class Slot
    {
        public SemaphoreSlim Semaphore { get; } = new(1, 1);

        public int Users { get; set; }
    }

    private sealed class Holder(KeyedLock owner, string key, Slot slot) : IDisposable
    {
        public void Dispose()
        {
            slot.Semaphore.Release();
            owner.Leave(key, slot);
        }
    }
}
