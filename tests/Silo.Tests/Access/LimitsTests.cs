using System.Net;
using System.Text.Json;
using Actors.Access.Tokens;
using Actors.Silo.Tests.Support;

namespace Actors.Silo.Tests.Access;

/// <summary>How much a caller may ask for.</summary>
public sealed class LimitsTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _ann = StaticToken.New();
    private readonly string _bob = StaticToken.New();

    [Fact]
    public async Task Call_OverTheRateOfTheSubject_Is429WithRetryAfter_AndOthersGoOn()
    {
        await using var silo = await StartAsync(("RequestsPerMinute", "3"));
        using var http = silo.CreateClient();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await http.CallAsync("list_workflows", new { }, _ann)).StatusCode);
        }

        using var refused = await http.CallAsync("list_workflows", new { }, _ann);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal("rate_limited", JsonElement.Parse(await refused.Content.ReadAsStringAsync()).GetProperty("error").GetString());
        Assert.Equal(HttpStatusCode.OK, (await http.CallAsync("list_workflows", new { }, _bob)).StatusCode);
    }

    [Fact]
    public async Task Call_OverTheRateOfTheAddress_Is429BeforeTheTokenIsLookedAt()
    {
        await using var silo = await StartAsync(("RequestsPerMinutePerAddress", "3"));
        using var http = silo.CreateClient();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.CallAsync("list_workflows", new { }, "x")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await http.CallAsync("list_workflows", new { }, "x")).StatusCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await http.CallAsync("list_workflows", new { }, _ann)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri("/healthz", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Run_OverTheQuota_IsTyped_ARepeatIsNot_AndAPlaceComesBack()
    {
        await using var silo = await StartAsync(("MaxRunsPerSubject", "2"));
        using var http = silo.CreateClient();
        var first = await SubmitAsync(http, _ann, "a");
        await SubmitAsync(http, _ann, "b");

        var refused = (await SubmitAsync(http, _ann, "c")).GetProperty("error");
        Assert.Equal("too_many_runs", refused.GetProperty("code").GetString());
        Assert.Equal(5, refused.GetProperty("retry_after_seconds").GetInt32());
        Assert.Equal(first.GetProperty("run_id").GetString(), (await SubmitAsync(http, _ann, "a")).GetProperty("run_id").GetString());
        Assert.True((await SubmitAsync(http, _bob, "c")).TryGetProperty("run_id", out _));

        await http.CallAsync("cancel_run", new { run_id = first.GetProperty("run_id").GetString() }, _ann);
        await http.CallAsync("wait_run", new { run_id = first.GetProperty("run_id").GetString(), timeout_seconds = 50 }, _ann);
        Assert.True((await SubmitAsync(http, _ann, "c")).TryGetProperty("run_id", out _));
    }

    [Fact]
    public async Task Run_ManyAtOnce_TakesExactlyTheQuota()
    {
        await using var silo = await StartAsync(("MaxRunsPerSubject", "7"));
        using var http = silo.CreateClient();
        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => SubmitAsync(http, _ann, $"k{i}")));

        Assert.Equal(7, answers.Count(a => a.TryGetProperty("run_id", out _)));
    }

    [Fact]
    public async Task Run_AllowanceOfTheRules_GoesBeforeTheSetting()
    {
        var rules = _folder.Write("access.yaml", "version: 1\ngrants: [{ subjects: '*', workflows: '*', verbs: run }]\nlimits: [{ subjects: ann, unfinished_runs: 1 }]");
        await using var silo = await StartAsync(("AccessFile", rules));
        using var http = silo.CreateClient();
        await SubmitAsync(http, _ann, "a");

        Assert.Equal("too_many_runs", (await SubmitAsync(http, _ann, "b")).GetProperty("error").GetProperty("code").GetString());
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<JsonElement> SubmitAsync(HttpClient http, string token, string key) =>
        await (await http.CallAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 60_000 }, idempotency_key = key }, token)).ContentAsync();

    private Task<SiloHost> StartAsync(params (string Name, string Value)[] settings)
    {
        var values = settings.ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal);
        values["CallerTokensFile"] = _folder.Write("tokens", $"{StaticToken.Line("ann", [], _ann)}\n{StaticToken.Line("bob", [], _bob)}");
        values["RunWorkflowWaitSeconds"] = "0";
        return SiloHost.StartAsync(values);
    }
}
