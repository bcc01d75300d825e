using System.Data.Common;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>One connection for heartbeats, used synchronously and by one thread at a time; opened again when it broke.</summary>
internal sealed class PostgresMember(NpgsqlConnectionStringBuilder builder) : IDisposable
{
    private readonly Lock _gate = new();
    private NpgsqlConnection? _connection;

    /// <summary>Without pooling, and impatient: a heartbeat that takes longer is better tried again.</summary>
    public string ConnectionString { get; } = new NpgsqlConnectionStringBuilder(builder.ToString()) { Pooling = false, CommandTimeout = 5, Timeout = 5 }.ToString();

    public T Write<T>(Func<DbConnection, DbTransaction, T> work)
    {
        lock (_gate)
        {
            try
            {
                _connection ??= Open();
                using var transaction = _connection.BeginTransaction();
                var result = work(_connection, transaction);
                transaction.Commit();
                return result;
            }
            catch
            {
                Dispose();
                throw;
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _connection?.Dispose();
            _connection = null;
        }
    }

    private NpgsqlConnection Open()
    {
        var connection = new NpgsqlConnection(ConnectionString);
        connection.Open();
        return connection;
    }
}
