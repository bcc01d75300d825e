using System.Data.Common;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>One connection for heartbeats, used synchronously and by one thread at a time; opened again when it broke.</summary>
internal sealed class PostgresMember : IDisposable
{
    private readonly Lock _gate = new();
    private NpgsqlConnection? _connection;

    public PostgresMember(NpgsqlConnectionStringBuilder builder)
    {
        Settings = new NpgsqlConnectionStringBuilder(builder.ToString()) { Pooling = false, CommandTimeout = 5, Timeout = 5 };
        Source = PostgresConnections.Source(Settings);
    }

    /// <summary>Without pooling, and impatient: a heartbeat that takes longer is better tried again.</summary>
    public NpgsqlConnectionStringBuilder Settings { get; }

    public NpgsqlDataSource Source { get; }

    public T Write<T>(Func<DbConnection, DbTransaction, T> work)
    {
        lock (_gate)
        {
            try
            {
                _connection ??= Source.OpenConnection();
                using var transaction = _connection.BeginTransaction();
                var result = work(_connection, transaction);
                transaction.Commit();
                return result;
            }
            catch
            {
                Close();
                throw;
            }
        }
    }

    public void Dispose()
    {
        Close();
        Source.Dispose();
    }

    private void Close()
    {
        lock (_gate)
        {
            _connection?.Dispose();
            _connection = null;
        }
    }
}
