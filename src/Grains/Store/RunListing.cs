using Actors.Grains.Interfaces;
using Dapper;

namespace Actors.Grains.Store;

/// <summary>The statement of a listing. Each part of it walks down one index from where the page begins, and stops when the page is full.</summary>
internal static class RunListing
{
    public static (string Sql, DynamicParameters Parameters) Statement(ISqlDialect dialect, RunFilter filter, RunId? before, int limit)
    {
        if (filter is { WorkflowIds: { } allowed, WorkflowId: { } wanted })
        {
            filter = filter with { WorkflowId = null, WorkflowIds = allowed.Contains(wanted, StringComparer.Ordinal) ? [wanted] : [] };
        }

        // One statement, hence one snapshot: a run that finishes meanwhile shows once.
        List<string> parts = [];
        if (filter.Status != RunStatus.Done)
        {
            parts.Add(Unfinished(dialect, filter, before is not null));
        }

        if (filter.Status is null or RunStatus.Done)
        {
            parts.Add(Part(dialect, filter, RunRow.SelectFinished, "finished_runs", Keys(dialect, filter, filter.Submitter is not null), before is not null, []));
        }

        var parameters = new DynamicParameters(new { filter.Submitter, filter.WorkflowId, before = before?.Value, status = filter.Status is { } s ? RowText.Status(s) : null, limit });
        if (filter.WorkflowIds is { } workflows)
        {
            parameters.Add("workflows", dialect.List(workflows.Distinct(StringComparer.Ordinal)));
        }

        return ($"{string.Join(" UNION ALL ", parts)} ORDER BY id DESC LIMIT @limit", parameters);
    }

    // No index is by both submitter and workflow, nor by status: every one costs each transition, and these are few.
    private static string Unfinished(ISqlDialect dialect, RunFilter filter, bool hasBefore)
    {
        var bySubmitter = filter is { Submitter: not null, WorkflowIds: null };
        var keys = bySubmitter ? [("submitter", "@Submitter")] : Keys(dialect, filter, withSubmitter: false);
        return Part(dialect, filter, RunRow.Select, "runs", keys, hasBefore,
        [
            .. filter.Submitter is null || bySubmitter ? [] : new[] { "submitter = @Submitter" },
            .. filter.WorkflowId is null || !bySubmitter ? [] : new[] { "workflow_id = @WorkflowId" },
            .. filter.Status is null ? [] : new[] { "status = @status" },
        ]);
    }

    private static List<(string Column, string Value)> Keys(ISqlDialect dialect, RunFilter filter, bool withSubmitter)
    {
        List<(string, string)> keys = withSubmitter ? [("submitter", "@Submitter")] : [];
        if (filter.WorkflowIds is not null || filter.WorkflowId is not null)
        {
            keys.Add(("workflow_id", filter.WorkflowIds is null ? "@WorkflowId" : dialect.Each));
        }

        return keys;
    }

    // Said as bounds and not as equality: by that, a planner knows that the primary key has this order too, and walks down the whole history when it takes the value for a frequent one.
    private static string Part(ISqlDialect dialect, RunFilter filter, string select, string table, List<(string Column, string Value)> keys, bool hasBefore, string[] conditions)
    {
        var columns = string.Join(", ", keys.Select(k => k.Column));
        var values = string.Join(", ", keys.Select(k => k.Value));
        string[] bounds = (keys.Count, hasBefore) switch
        {
            (0, false) => [],
            (0, true) => ["id < @before"],
            (_, false) => [$"({columns}) >= ({values})", $"({columns}) <= ({values})"],
            (_, true) => [$"({columns}) >= ({values})", $"({columns}, id) < ({values}, @before)"],
        };
        string[] all = [.. bounds, .. conditions];
        var rest = $"{(all.Length == 0 ? "" : "WHERE ")}{string.Join(" AND ", all)} ORDER BY {string.Concat(keys.Select(k => k.Column + " DESC, "))}id DESC";
        var rows = filter.WorkflowIds is null ? $"{select} {rest} LIMIT @limit" : $"{dialect.FirstOfEach(select, table, rest)} ORDER BY id DESC LIMIT @limit";
        return $"SELECT * FROM ({rows}) AS part";
    }
}
