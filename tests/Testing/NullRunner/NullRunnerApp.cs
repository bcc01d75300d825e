using System.Globalization;
using System.Net;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Actors.Testing.NullRunner;

/// <summary>The runner's HTTP contract over <see cref="NullSandboxes"/>: no policy, no containers, a ledger.</summary>
public sealed class NullRunnerApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Ledger _ledger;
    private readonly NullSandboxes _sandboxes;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _sweeping;

    private NullRunnerApp(WebApplication app, Ledger ledger, NullSandboxes sandboxes)
    {
        _app = app;
        _ledger = ledger;
        _sandboxes = sandboxes;
        _sweeping = SweepAsync();
    }

    /// <summary>Listens on a loopback port; what an earlier process wrote into the ledger is taken over.</summary>
    public static async Task<NullRunnerApp> StartAsync(int port, string ledgerFile, NullRunnerOptions options)
    {
        var before = Ledger.Read(ledgerFile);
        var ledger = Ledger.Open(ledgerFile);
        var time = TimeProvider.System;
        await ledger.AppendAsync(new LedgerEntry(LedgerKinds.Started, time.GetUtcNow().ToUnixTimeMilliseconds(), ""));
        var sandboxes = new NullSandboxes(ledger, options, time);
        await sandboxes.RestoreAsync(before);
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port));
        var app = builder.Build();
        var runner = new NullRunnerApp(app, ledger, sandboxes);
        runner.Map();
        await app.StartAsync();
        return runner;
    }

    /// <summary>Where it listens.</summary>
    public Uri Url => new(_app.Urls.First());

    public Task WaitForShutdownAsync() => ((IHost)_app).WaitForShutdownAsync();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _app.DisposeAsync();
        await _sweeping;
        await _ledger.DisposeAsync();
        _stopping.Dispose();
    }

    private void Map()
    {
        _app.Use(async (HttpContext context, RequestDelegate next) =>
        {
            try
            {
                await next(context);
            }
            catch (NullRunnerException e)
            {
                await ProblemAsync(context, e.Status, e.Code, e.Message);
            }
        });
        _app.MapGet("/readyz", () => "ok");
        _app.MapGet("/healthz", () => "ok");
        _app.MapPost("/decisions", async context => await WriteAsync(context, _sandboxes.Decide(await ReadAsync<DecisionRequest>(context))));
        _app.MapPost("/runs", async context => await WriteAsync(context, await _sandboxes.LaunchAsync(await ReadAsync<LaunchRequest>(context))));
        _app.MapGet("/runs/{id}", context => WriteAsync(context, _sandboxes.View(Segment(context, "id"))));
        _app.MapDelete("/runs/{id}", async context =>
        {
            await _sandboxes.StopAsync(Segment(context, "id"), long.TryParse(context.Request.Query["fence"], CultureInfo.InvariantCulture, out var fence) ? fence : null);
            context.Response.StatusCode = 204;
        });
        _app.MapPut("/runs/{id}/calls/{call}", async context =>
            await WriteAsync(context, await _sandboxes.SendAsync(Segment(context, "id"), Segment(context, "call"), await ReadAsync<CallRequest>(context))));
        _app.MapGet("/runs/{id}/calls/{call}", async context =>
            await WriteAsync(context, await _sandboxes.GetCallAsync(Segment(context, "id"), Segment(context, "call"), WaitOf(context), context.RequestAborted)));
    }

    private async Task SweepAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _sandboxes.SweepAsync();
        }
    }

    // A call's progress is its time: whoever asks for news gets some soon.
    private static TimeSpan WaitOf(HttpContext context) => context.Request.Query.ContainsKey("progress")
        ? TimeSpan.FromMilliseconds(50)
        : TimeSpan.FromSeconds(int.TryParse(context.Request.Query["wait"], CultureInfo.InvariantCulture, out var seconds) ? Math.Min(seconds, 60) : 0);

    private static string Segment(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;

    private static async Task<T> ReadAsync<T>(HttpContext context) => (await JsonSerializer.DeserializeAsync<T>(context.Request.Body, ContractJson.Options, context.RequestAborted))!;

    private static Task WriteAsync<T>(HttpContext context, T? value)
        where T : class => value is null ? ProblemAsync(context, HttpStatusCode.NotFound, ProblemCodes.NotFound, "unknown") : context.Response.WriteAsJsonAsync(value, ContractJson.Options);

    private static Task ProblemAsync(HttpContext context, HttpStatusCode status, string code, string message)
    {
        context.Response.StatusCode = (int)status;
        return context.Response.WriteAsJsonAsync(new { title = status.ToString(), status = (int)status, code, detail = message });
    }
}
