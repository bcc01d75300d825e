using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Grains.Store;
using Actors.Grains.Workflows;

namespace Actors.Grains.Runs;

/// <summary>Validates submits and finds grains.</summary>
internal sealed class RunDirectory(WorkflowCatalog catalog, RunHost host, RunServices services) : IRunDirectory
{
    /// <summary>Most bytes of params, as UTF-8 JSON.</summary>
    public const int LargestParams = 256 * 1024;

    private const int LongestKey = 128;

    // State, trace and answers wrap params and results a few levels deep, and JSON writers stop at 64.
    private const int LargestDepth = 48;

    // Hashed once: it is asked for at each submit.
    private readonly Dictionary<string, string> _hashes = catalog.All.ToDictionary(d => d.Id, d => d.DefinitionHash, StringComparer.Ordinal);

    private readonly SubmitterQuota _quota = new(services.Store);

    public IReadOnlyList<WorkflowView> Workflows { get; } = [.. catalog.All.Select(RunViews.Of)];

    public IRunGrain Get(RunId id) => new RunGrain(id, host, services);

    public Task<RunOwner?> FindOwnerAsync(RunId id, CancellationToken cancellationToken) => services.Store.FindOwnerAsync(id, cancellationToken);

    public async Task<RunListPage> ListAsync(RunListRequest request, CancellationToken cancellationToken)
    {
        RunId? before = null;
        if (request.Cursor is { } cursor)
        {
            before = RunId.TryParse(cursor, out var last) ? last : throw Rejected("invalid_cursor", "cursor must be the next_cursor of an answer of list_runs.");
        }

        var limit = Math.Clamp(request.Limit, 1, RunListRequest.MostRuns);
        var found = await services.Store.ListAsync(new RunFilter(request.Submitter, request.WorkflowId, request.Status) { WorkflowIds = request.WorkflowIds }, before, limit + 1, cancellationToken);
        var page = new List<RunSummary>(limit);
        foreach (var run in found.Take(limit))
        {
            page.Add(RunViews.Summary(run, await services.Definitions.GetAsync(run.DefinitionHash, cancellationToken)));
        }

        return new RunListPage(page, found.Count > limit ? page[^1].RunId : null);
    }

    public async Task<RunView> SubmitAsync(SubmitRequest request, CancellationToken cancellationToken)
    {
        var definition = Validate(request);
        await host.ReadyAsync(cancellationToken);

        // Kept for repeats only: a hash of short params could be guessed.
        var requestHash = request.IdempotencyKey is null ? "" : Hash($"{request.WorkflowId}\n{request.Params.GetRawText()}");
        var queued = NewRun(request, definition, requestHash);
        services.Definitions.Add(queued.DefinitionHash, definition);
        var inserted = await InsertAsync(queued, request.MostUnfinished, cancellationToken);
        if (!inserted.Created && inserted.RequestHash != requestHash)
        {
            throw Rejected("idempotency_conflict", $"The idempotency key was used before, for {inserted.Run.State.RunId} with another workflow or other params. Use a new key for a new request.");
        }

        return RunViews.Of(inserted.Run, await services.Definitions.GetAsync(inserted.Run.DefinitionHash, cancellationToken)) with { IsNew = inserted.Created };
    }

    /// <summary>Stores the run if the submitter may have one more; a repeat gives the earlier run even then.</summary>
    private async Task<InsertResult> InsertAsync(NewRun queued, int? most, CancellationToken cancellationToken)
    {
        if (most is null)
        {
            return await host.SubmitAsync(queued, silo => Started(queued, silo), cancellationToken);
        }

        using var place = await _quota.EnterAsync(queued.State.Submitter, queued.State.RunId, most.Value, cancellationToken);
        return place is not null ? await host.SubmitAsync(queued, silo => Started(queued, silo), cancellationToken)
            : (queued.IdempotencyKey is { } key ? await services.Store.FindAsync(queued.State.Submitter, key, cancellationToken) : null) ?? throw SubmitterQuota.Refusal(most.Value);
    }

    /// <summary>The same run, begun by this silo in the transaction that stores it.</summary>
    private NewRun Started(NewRun queued, SiloId silo)
    {
        var transition = RunTransitions.Decide(queued.Definition, queued.State, new Started(queued.State.CreatedAt));
        var first = queued.Trace[^1];
        return queued with { State = transition.State, Owner = silo, Trace = [.. queued.Trace, .. services.Trace.Append(queued.State.RunId, first.Seq, first.Hash, transition.Trace)] };
    }

    private WorkflowDefinition Validate(SubmitRequest request)
    {
        if (catalog.Find(request.WorkflowId) is not { } definition)
        {
            var known = string.Join(", ", catalog.All.Select(w => w.Id).Take(50));
            throw Rejected("unknown_workflow", $"There is no workflow '{Shorten(request.WorkflowId)}'. Known are: {known}.");
        }

        if (request.Params.ValueKind != JsonValueKind.Object)
        {
            throw Rejected("invalid_params", "params must be a JSON object.");
        }

        var size = Encoding.UTF8.GetByteCount(request.Params.GetRawText());
        if (size > LargestParams)
        {
            throw Rejected("params_too_large", $"params has {size} bytes, {LargestParams} are allowed. Pass a reference instead of the data.");
        }

        if (!JsonDepth.IsWithin(request.Params, LargestDepth))
        {
            throw Rejected("invalid_params", $"params is nested deeper than {LargestDepth} levels.");
        }

        if (request.IdempotencyKey is { } key && (key.Length is 0 or > LongestKey || key.Any(c => c is < '!' or > '~')))
        {
            throw Rejected("invalid_idempotency_key", $"idempotency_key must be 1 to {LongestKey} printable ASCII characters without spaces.");
        }

        var faults = definition.ParamsSchema.Validate(request.Params);
        if (faults.Count > 0)
        {
            throw Rejected("invalid_params", $"params does not fit the schema of workflow '{definition.Id}': {faults[0]}", [.. faults.Select(f => f.ToString())]);
        }

        return definition;
    }

    private NewRun NewRun(SubmitRequest request, WorkflowDefinition definition, string requestHash)
    {
        var now = services.Time.GetUtcNow();
        var hash = _hashes[definition.Id];
        var state = new RunState
        {
            RunId = services.NewRunId(now),
            Submitter = request.Submitter,
            Status = RunStatus.Queued,
            Params = request.Params.Clone(),
            Servers = definition.Servers.Keys.ToImmutableSortedDictionary(k => k, _ => new ServerState { Status = ServerStatus.Undecided }, StringComparer.Ordinal),
            Steps = [.. definition.Steps.Select(s => new StepState { Id = s.Id, Status = StepStatus.Pending })],
            CreatedAt = now,
            Deadline = now + definition.Timeout,
        };
        var submitted = new
        {
            workflow = definition.Id,
            version = definition.Version,
            definition = hash,
            submitter = request.Submitter,
            idempotency_key = request.IdempotencyKey,
            @params = request.Params,
            deadline = state.Deadline,
        };
        var draft = new TraceDraft(now, TraceKinds.Submitted, JsonSerializer.SerializeToElement(submitted, ActorsJson.Options));
        var trace = services.Trace.Append(state.RunId, 0, TraceChain.Genesis, [draft]);
        return new NewRun(state, definition, hash, request.IdempotencyKey, requestHash, trace, Owner: null) { Priority = definition.Priority };
    }

    private static string Shorten(string text) => text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "…");

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static RunRejectedException Rejected(string code, string message, IReadOnlyList<string>? details = null) => new(new RunError(code, message, Details: details));
}
