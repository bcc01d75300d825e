using System.Text.RegularExpressions;
using Actors.Chaos.Load;
using Npgsql;

namespace Actors.Chaos;

/// <summary>Breaks the product from outside: by editing its statements on their way, or by triggers and functions in its database.</summary>
internal static partial class Mutations
{
    /// <summary>Edits a statement to one of the same length.</summary>
    public static Func<string, string>? Edit(Mutation mutation) => mutation == Mutation.Fence ? RemoveFence : null;

    /// <summary>Faults under which a mutation shows.</summary>
    public static IReadOnlyList<string> Faults(Mutation mutation) => mutation switch
    {
        Mutation.None => [],
        Mutation.Fence => ["evict_silo"],
        Mutation.Poll => ["kill_silo"],
        _ => ["terminate_backends"],
    };

    /// <summary>What the clients do: a clock that is ahead shows in runs whose time ends.</summary>
    public static LoadOptions Load(Mutation mutation) => mutation == Mutation.Clock ? new LoadOptions { HangPercent = 40 } : new LoadOptions();

    /// <summary>What the checker must say of a mutation: another violation is not the one that was made.</summary>
    public static IReadOnlyList<string> Signs(Mutation mutation) => mutation switch
    {
        Mutation.Fence => ["I3"],
        Mutation.Split => ["I2"],
        Mutation.Clock => ["I5"],
        Mutation.Poll => ["I1"],
        _ => [],
    };

    /// <summary>What is done to the database once it is migrated.</summary>
    public static async Task InstallAsync(Mutation mutation, NpgsqlConnection connection)
    {
        var sql = mutation switch
        {
            Mutation.Split => Split,
            Mutation.Clock => Clock,
            Mutation.Poll => Poll,
            _ => null,
        };
        if (sql is not null)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            await command.ExecuteNonQueryAsync();
        }
    }

    // One entry in a hundred is lost, as when a crash comes between two transactions.
    private const string Split =
        """
        CREATE FUNCTION chaos_split() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.kind = 'call_answered' AND random() < 0.02 THEN
            DELETE FROM trace WHERE run_id = NEW.run_id AND seq = NEW.seq;
          END IF;
          RETURN NULL;
        END $$;
        CREATE TRIGGER chaos_split AFTER INSERT ON trace FOR EACH ROW EXECUTE FUNCTION chaos_split();
        """;

    // The first silo's sessions are seven seconds ahead.
    private const string Clock =
        """
        CREATE OR REPLACE FUNCTION db_now() RETURNS bigint LANGUAGE sql AS $$
          SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint + CASE host(inet_client_addr()) WHEN '127.0.1.1' THEN 7000 ELSE 0 END
        $$;
        """;

    // A run that is given up is due in a day.
    private const string Poll =
        """
        CREATE FUNCTION chaos_poll() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.owner IS NULL AND OLD.owner IS NOT NULL THEN
            NEW.due_at := NEW.due_at + 86400000;
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER chaos_poll BEFORE UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION chaos_poll();
        """;

    private static string RemoveFence(string statement) =>
        statement.Contains("trace_head", StringComparison.OrdinalIgnoreCase)
            ? Fence().Replace(statement, m => "TRUE".PadRight(m.Length))
            : statement;

    // Comparisons of the row's fence with the writer's: r.epoch = c.epoch, owner = $2 and the like.
    [GeneratedRegex(@"\b(?:\w+\.)?(?:epoch|version|owner|commands)\s*=\s*(?:\w+\.(?:epoch|version|owner|commands|silo|seen)|[$@:]\w+)(?=\s+(?:AND|OR|RETURNING|\)|;))", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Fence();
}
