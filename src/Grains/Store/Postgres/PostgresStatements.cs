using System.Collections.Concurrent;
using System.Globalization;

namespace Actors.Grains.Store.Postgres;

/// <summary>The statements of a batch. Each is one, so that its parts see one another's rows; parts that a batch does not need are left out.</summary>
internal static class PostgresStatements
{
    private static readonly ConcurrentDictionary<(bool, bool, bool), string> s_commits = new();
    private static readonly string s_insert = MakeInsert(false);
    private static readonly string s_insertWithValues = MakeInsert(true);

    /// <summary>Takes 17 arrays of the runs (the last: their owners), 7 of trace entries, 3 of values. Gives the ids of the inserted.</summary>
    public static string Insert(bool withValues) => withValues ? s_insertWithValues : s_insert;

    /// <summary>Takes 13 arrays of the commits, 7 of trace entries, 3 of values, 2 of consumed commands. Gives the ordinals of those whose fence held.</summary>
    public static string Commit(bool withDone, bool withValues, bool withConsumed) => s_commits.GetOrAdd((withDone, withValues, withConsumed), k => MakeCommit(k.Item1, k.Item2, k.Item3));

    // An owner's row stays until the end: who evicts it waits, and then frees these runs too.
    private static string MakeInsert(bool withValues) => $"""
        WITH members AS (SELECT id FROM silos WHERE id = ANY($17) FOR KEY SHARE),
        input AS (
          SELECT i.*, i.n - 1 AS ordinal FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) WITH ORDINALITY
            AS i(id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, request_hash, format, priority, status, owner, due_at, head, length, state, deadline, n)
          WHERE i.owner IS NULL OR i.owner IN (SELECT id FROM members)),
        keyed AS (
          INSERT INTO idempotency_keys (submitter, idempotency_key, run_id, request_hash)
          SELECT submitter, idempotency_key, id, request_hash FROM input WHERE idempotency_key IS NOT NULL ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING run_id),
        inserted AS (
          INSERT INTO runs (id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, format, priority, status, queued, version, epoch, owner, due_at, strikes, commands, created_at,
            trace_length, trace_head, state, deadline)
          SELECT id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, format, priority, status, owner IS NULL, 1, (owner IS NOT NULL)::int, owner, due_at, (owner IS NOT NULL)::int, 0,
            (SELECT db_now()), length, head, state, deadline
          FROM input WHERE idempotency_key IS NULL OR id IN (SELECT run_id FROM keyed) ON CONFLICT DO NOTHING RETURNING id),
        applied AS (SELECT i.id, i.ordinal FROM input i WHERE i.id IN (SELECT id FROM inserted)),
        {Trace(18)}{(withValues ? Values(25) : "")}
        SELECT id FROM inserted
        """;

    private static string MakeCommit(bool withDone, bool withValues, bool withConsumed)
    {
        var values = 21;
        var consumed = withValues ? values + 3 : values;
        var left = withConsumed ? string.Create(CultureInfo.InvariantCulture, $"AND b.id <> ALL(${consumed + 1})") : "";
        return $"""
            WITH input AS (
              SELECT i.*, i.n - 1 AS ordinal FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) WITH ORDINALITY
                AS i(id, silo, epoch, version, commands, status, state, length, head, at, release, progress, done, n)),
            changed AS (
              UPDATE runs r SET status = i.status, state = i.state, version = r.version + 1, trace_length = r.trace_length + i.length, trace_head = i.head,
                strikes = CASE WHEN i.progress THEN 0 ELSE r.strikes END, owner = CASE WHEN i.release THEN NULL ELSE r.owner END,
                due_at = CASE WHEN NOT i.release THEN NULL WHEN EXISTS (SELECT 1 FROM inbox b WHERE b.run_id = r.id {left}) THEN db_now() ELSE coalesce(i.at, db_now()) END
              FROM input i WHERE NOT i.done AND {Fence} RETURNING r.id, i.ordinal),
            {(withDone ? Done : "applied AS (SELECT id, ordinal FROM changed),")}
            {Trace(14)}{(withValues ? Values(values) : "")}{(withConsumed ? Consumed(consumed) : "")}
            SELECT ordinal FROM applied
            """;
    }

    private const string Fence = "r.id = i.id AND r.epoch = i.epoch AND r.version = i.version AND r.owner = i.silo AND r.commands = i.commands";

    private const string Done = $"""
        ended AS (
          DELETE FROM runs r USING input i WHERE i.done AND {Fence}
          RETURNING r.id, r.submitter, r.workflow_id, r.workflow_version, r.definition_hash, r.idempotency_key, r.version, r.epoch, r.commands, r.trace_length + i.length AS length, i.head, i.state, i.at, i.ordinal),
        moved AS (
          INSERT INTO finished_runs (id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, version, epoch, commands, ended_at, trace_length, trace_head, state)
          SELECT id, submitter, workflow_id, workflow_version, definition_hash, idempotency_key, version + 1, epoch, commands, coalesce(at, db_now()), length, head, state FROM ended),
        dropped AS (DELETE FROM run_values v USING ended e WHERE v.run_id = e.id),
        emptied AS (DELETE FROM inbox b USING ended e WHERE b.run_id = e.id),
        applied AS (SELECT id, ordinal FROM changed UNION ALL SELECT id, ordinal FROM ended),
        """;

    private static string Trace(int first) => string.Create(CultureInfo.InvariantCulture, $"""
        traced AS (
          INSERT INTO trace (run_id, seq, at, kind, data, prev, hash)
          SELECT a.id, t.seq, t.at, t.kind, t.data, t.prev, t.hash
          FROM unnest(${first}, ${first + 1}, ${first + 2}, ${first + 3}, ${first + 4}, ${first + 5}, ${first + 6}) AS t(ordinal, seq, at, kind, data, prev, hash) JOIN applied a ON a.ordinal = t.ordinal)
        """);

    private static string Values(int first) => string.Create(CultureInfo.InvariantCulture, $"""
        ,
        kept AS (
          INSERT INTO run_values (run_id, name, body) SELECT a.id, v.name, v.body FROM unnest(${first}, ${first + 1}, ${first + 2}) AS v(ordinal, name, body) JOIN applied a ON a.ordinal = v.ordinal
          ON CONFLICT (run_id, name) DO UPDATE SET body = excluded.body)
        """);

    private static string Consumed(int first) => string.Create(CultureInfo.InvariantCulture, $"""
        ,
        consumed AS (DELETE FROM inbox b USING unnest(${first}, ${first + 1}) AS c(ordinal, id), changed a WHERE a.ordinal = c.ordinal AND b.id = c.id AND b.run_id = a.id)
        """);
}
