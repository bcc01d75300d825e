namespace Actors.Grains.Runs;

/// <summary>Tasks that somebody will wait for; ended ones are forgotten.</summary>
internal sealed class TaskGroup
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _tasks = [];

    public void Add(Task task)
    {
        lock (_gate)
        {
            _tasks.Add(task);
        }

        _ = ForgetAsync(task);
    }

    /// <summary>Ends when every task has, those that are added meanwhile too.</summary>
    public async Task AllAsync()
    {
        while (Snapshot() is { Length: > 0 } tasks)
        {
            await Task.WhenAll(tasks);
        }
    }

    private Task[] Snapshot()
    {
        lock (_gate)
        {
            return [.. _tasks];
        }
    }

    private async Task ForgetAsync(Task task)
    {
        try
        {
            await task;
        }
        finally
        {
            lock (_gate)
            {
                _tasks.Remove(task);
            }
        }
    }
}
