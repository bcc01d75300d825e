using Microsoft.Extensions.Logging;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>LISTEN on a connection of its own, NOTIFY at most a few times a second: each one takes a lock of the whole server at commit.</summary>
internal sealed partial class PostgresWakeUps : IWakeUps, IAsyncDisposable
{
    private static readonly TimeSpan SendPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromSeconds(2);
    private readonly PostgresDialect _dialect;
    private readonly ILogger _log;
    private readonly Hint _heard = new(TimeProvider.System);
    private readonly Hint _wanted = new(TimeProvider.System);
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _listening;
    private readonly Task _sending;

    public PostgresWakeUps(PostgresDialect dialect, ILogger log)
    {
        _dialect = dialect;
        _log = log;
        _listening = Task.Run(ListenAsync);
        _sending = Task.Run(SendAsync);
    }

    public Task WaitAsync(TimeSpan most, CancellationToken cancellationToken) => _heard.WaitAsync(most, cancellationToken);

    public void Send() => _wanted.Set();

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await Task.WhenAll(_listening, _sending);
        _closing.Dispose();
    }

    private Task ListenAsync() => RepeatAsync(async () =>
    {
        await using var connection = _dialect.Aside();
        await connection.OpenAsync(_closing.Token);
        connection.Notification += (_, _) => _heard.Set();
        await using (var listen = new NpgsqlCommand("LISTEN actors_work", connection))
        {
            await listen.ExecuteNonQueryAsync(_closing.Token);
        }

        // What was said while nobody listened.
        _heard.Set();
        while (true)
        {
            await connection.WaitAsync(_closing.Token);
        }
    });

    private Task SendAsync() => RepeatAsync(async () =>
    {
        while (true)
        {
            await _wanted.WaitAsync(Timeout.InfiniteTimeSpan, _closing.Token);
            await _dialect.ExecuteAsync("NOTIFY actors_work", _closing.Token);
            await Task.Delay(SendPause, TimeProvider.System, _closing.Token);
        }
    });

    private async Task RepeatAsync(Func<Task> work)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await work();
            }
            catch (Exception) when (_closing.IsCancellationRequested)
            {
                // The silo closes.
            }
            catch (Exception e) when (_dialect.IsTransient(e))
            {
                LogBroken(_log, e.Message);
                await Task.Delay(ReconnectPause, TimeProvider.System, _closing.Token).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Wake-ups are cut off, polling goes on: {Reason}")]
    private static partial void LogBroken(ILogger logger, string reason);
}
