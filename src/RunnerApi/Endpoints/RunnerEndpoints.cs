using Actors.RunnerApi.Contracts;
using Actors.Verification.Policy;
using Actors.RunnerApi.Sessions;

namespace Actors.RunnerApi.Endpoints;

/// <summary>The runner's HTTP contract: routes to the registry, nothing else.</summary>
internal sealed class RunnerEndpoints(SandboxRegistry registry, IPolicyGate gate, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", context => context.Response.WriteAsync("ok", context.RequestAborted));
        routes.MapGet("/readyz", Ready(WriteReadinessAsync));
        routes.MapPost("/decisions", DecideAsync);
        routes.MapPost("/runs", Ready(LaunchAsync));
        routes.MapGet("/runs/{id}", Ready(GetRunAsync));
        routes.MapDelete("/runs/{id}", Ready(DeleteAsync));
        routes.MapGet("/runs/{id}/logs", Ready(GetLogsAsync));
        routes.MapPut("/runs/{id}/calls/{callId}", Ready(PutCallAsync));
        routes.MapGet("/runs/{id}/calls/{callId}", Ready(GetCallAsync));
    }

    private RequestDelegate Ready(RequestDelegate next) => context => registry.IsRestored ? next(context) : throw RunnerProblem.NotReady();

    // Codes only: no token is needed to read it. The log says what is wrong.
    private Task WriteReadinessAsync(HttpContext context) =>
        context.Response.WriteAsync(string.Concat(gate.Status.Alarms.Select(a => $"\nalarm {a.Code} since {a.Since:O}").Prepend("ok")), context.RequestAborted);

    private async Task DecideAsync(HttpContext context)
    {
        var request = await Wire.ReadAsync<DecisionRequest>(context, Wire.OtherBody);
        RequestRules.Check(request);
        var result = await gate.DecideAsync(request.Image, request.Profile, context.RequestAborted);
        await Wire.WriteAsync(context, 200, result.Decision);
    }

    private async Task LaunchAsync(HttpContext context)
    {
        var request = await Wire.ReadAsync<LaunchRequest>(context, Wire.OtherBody);

        // A caller that hangs up during a pull finds the sandbox when it asks again.
        var (response, created) = await registry.LaunchAsync(request, lifetime.ApplicationStopping);
        await Wire.WriteAsync(context, created ? 201 : 200, response);
    }

    private async Task GetRunAsync(HttpContext context)
    {
        var sandbox = Find(context);
        var wait = Wire.WaitOf(context);
        var state = sandbox.Session.State;
        var seen = Wire.PhaseOf(context) ?? state.Phase;
        await WaitAsync(context, state.Changed, () => state.HasEnded || state.Phase != seen, wait);
        sandbox.Touch();
        await Wire.WriteAsync(context, 200, sandbox.View());
    }

    private async Task DeleteAsync(HttpContext context)
    {
        var id = RequestRules.SandboxId(Wire.Segment(context, "id"));
        if (await registry.DeleteAsync(id, Wire.FenceOf(context), context.RequestAborted) is { } last)
        {
            await Wire.WriteAsync(context, 200, last);
            return;
        }

        context.Response.StatusCode = 204;
    }

    private Task GetLogsAsync(HttpContext context)
    {
        var text = Find(context).Session.Stderr.Read();
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private async Task PutCallAsync(HttpContext context)
    {
        var sandbox = Find(context);
        var callId = RequestRules.CallId(sandbox.Id, Wire.Segment(context, "callId"));
        var request = await Wire.ReadAsync<CallRequest>(context, Wire.CallBody);
        RequestRules.Check(request);
        sandbox.CheckFence(request.Fence);
        await Wire.WriteAsync(context, 200, sandbox.Session.Calls.Put(sandbox.Id, callId, request).View());
    }

    private async Task GetCallAsync(HttpContext context)
    {
        var sandbox = Find(context);
        var callId = RequestRules.CallId(sandbox.Id, Wire.Segment(context, "callId"));
        var call = sandbox.Session.Calls.Find(callId) ?? throw RunnerProblem.NotFound($"Sandbox '{sandbox.Id}' has no call '{callId}'.");
        var seen = Wire.ProgressOf(context);
        await WaitAsync(context, call.Changed, () => !call.IsPending || (seen is not null && call.View().Progress is { } p && p.Progress != seen), Wire.WaitOf(context));
        sandbox.Touch();
        await Wire.WriteAsync(context, 200, call.View());
    }

    private Sandbox Find(HttpContext context) => registry.Get(RequestRules.SandboxId(Wire.Segment(context, "id")));

    private async Task WaitAsync(HttpContext context, ChangeSignal signal, Func<bool> done, TimeSpan wait)
    {
        // A host that stops answers at once with what it knows.
        using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        await signal.WaitAsync(done, wait, time, either.Token);
    }
}
