using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Dapper;

namespace Actors.Grains.Store;

/// <summary>One step of the schema. Programs that know versions from <paramref name="MinProgram"/> on can work with it.</summary>
internal sealed partial record Migration(int Version, int MinProgram, string Sql)
{
    /// <summary>The embedded files of a folder, in order; each begins with <c>-- min_program: N</c>.</summary>
    public static IReadOnlyList<Migration> Load(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return [.. assembly.GetManifestResourceNames()
            .Where(n => n.Contains($".{folder}.Migrations.", StringComparison.Ordinal) && n.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select((name, index) =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                var sql = reader.ReadToEnd();
                return new Migration(index + 1, int.Parse(Header().Match(sql).Groups["program"].Value, CultureInfo.InvariantCulture), sql);
            })];
    }

    [GeneratedRegex(@"\A-- min_program: (?<program>[0-9]{1,6})\n", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Header();
}

/// <summary>Brings a schema up to date, step by step, each in a transaction of its own; several programs may try at once.</summary>
internal sealed class Migrator(string database, IReadOnlyList<Migration> migrations)
{
    private const string Own = "CREATE TABLE IF NOT EXISTS schema_version (version bigint PRIMARY KEY, min_program bigint NOT NULL, applied_at bigint NOT NULL)";

    /// <summary>Applies what is missing. <paramref name="enter"/> makes the others wait until the transaction ends.</summary>
    /// <exception cref="StoreUnavailableException">The schema is newer, and does not serve this program any more.</exception>
    public void Run(DbConnection connection, Action<DbConnection, DbTransaction> enter)
    {
        var known = migrations[^1].Version;
        while (Step(connection, enter, known))
        {
        }
    }

    private bool Step(DbConnection connection, Action<DbConnection, DbTransaction> enter, int known)
    {
        using var transaction = connection.BeginTransaction();
        enter(connection, transaction);
        connection.Execute(Own, transaction: transaction);
        var (version, minProgram) = Read(connection, transaction);
        if (minProgram > known)
        {
            throw new StoreUnavailableException(
                $"The database {database} has schema version {version}, which programs that know less than version {minProgram} cannot use; this program knows {known}. Use the newer program.");
        }

        if (version >= known)
        {
            transaction.Commit();
            return false;
        }

        var next = migrations.First(m => m.Version == version + 1);
        connection.Execute(next.Sql, transaction: transaction);
        connection.Execute("INSERT INTO schema_version (version, min_program, applied_at) VALUES (@Version, @MinProgram, db_now())", new { next.Version, next.MinProgram }, transaction);
        transaction.Commit();
        return true;
    }

    private (long Version, long MinProgram) Read(DbConnection connection, DbTransaction transaction)
    {
        try
        {
            return connection.QuerySingle<(long, long)>("SELECT coalesce(max(version), 0), coalesce(max(min_program), 0) FROM schema_version", transaction: transaction);
        }
        catch (DbException e) when (e.Message.Contains("min_program", StringComparison.Ordinal))
        {
            throw new StoreUnavailableException($"The database {database} was made by a development version of this program and cannot be brought up to date. Move it away; a new one is made.", e);
        }
    }
}
