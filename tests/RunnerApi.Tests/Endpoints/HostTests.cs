using System.Net;
using System.Text;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Tests.Support;
using Actors.Verification.Policy;
using Actors.Testing;
using Xunit;

namespace Actors.RunnerApi.Tests.Endpoints;

public sealed class HostTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("Bearer")]
    [InlineData("Bearer wrong")]
    [InlineData("Basic 0123456789abcdef0123456789abcdef")]
    [InlineData("Bearer 0123456789abcdef0123456789abcdeF")]
    public async Task Request_WithoutTheToken_Is401_ExceptHealth(string? header)
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.Http.DefaultRequestHeaders.Clear();
        if (header is not null)
        {
            runner.Http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        }

        foreach (var path in new[] { "/runs/box", "/runs/box/logs", "/nowhere", "/healthz/x", "/HEALTHZ" })
        {
            using var response = await runner.Http.GetAsync(path);
            await RunnerHarness.ProblemAsync(response, HttpStatusCode.Unauthorized, ProblemCodes.Unauthorized);
        }

        Assert.Equal("ok", await runner.Http.GetStringAsync("/healthz"));
        Assert.Equal("ok", await runner.Http.GetStringAsync("/readyz"));
    }

    [Fact]
    public async Task Readiness_PolicyCouldNotBeReloaded_SaysSoWithoutDetails()
    {
        await using var runner = await RunnerHarness.StartAsync();
        runner.Gate.Alarms = [new PolicyAlarm("policy_reload_failed", "/secret/path has a fault.", runner.Time.GetUtcNow())];

        var body = await runner.Http.GetStringAsync("/readyz");

        Assert.StartsWith("ok\nalarm policy_reload_failed since 2030-", body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_AreOnTheirOwnPortWithoutTokenAndNothingElseIs()
    {
        await using var runner = await RunnerHarness.StartAsync("MetricsUrl=http://127.0.0.1:0");
        using var counter = new System.Diagnostics.Metrics.Meter("Actors.Policy");
        counter.CreateCounter<long>("actors.policy.decisions").Add(1);
        using var scraper = new HttpClient { BaseAddress = new Uri(runner.Addresses.Last()) };

        Assert.Contains("actors_policy_decisions_total", await scraper.GetStringAsync("/metrics"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await scraper.GetAsync("/healthz")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await scraper.PostAsync("/runs", null)).StatusCode);
        await RunnerHarness.ProblemAsync(await runner.Http.GetAsync("/metrics"), HttpStatusCode.NotFound, ProblemCodes.NotFound);
    }

    [Theory]
    [InlineData("GET", "/nowhere", null, 404, "not_found")]
    [InlineData("GET", "/runs/unknown", null, 404, "not_found")]
    [InlineData("GET", "/runs/UPPER", null, 400, "bad_request")]
    [InlineData("GET", "/runs/..%2Fx", null, 400, "bad_request")]
    [InlineData("PATCH", "/runs/box", null, 405, "bad_request")]
    [InlineData("POST", "/runs", "{", 400, "bad_request")]
    [InlineData("POST", "/runs", "null", 400, "bad_request")]
    [InlineData("POST", "/runs", "[]", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":null,\"image\":\"i\",\"profile\":\"p\"}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\"}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\",\"env\":null}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\",\"args\":[null]}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\",\"env\":{\"A=B\":\"x\"}}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\",\"limits\":{\"pids\":0}}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\",\"limits\":null}", 400, "bad_request")]
    [InlineData("POST", "/runs", "{\"id\":\"a\",\"image\":\"i\",\"profile\":\"p\",\"fence\":-1}", 400, "bad_request")]
    [InlineData("POST", "/decisions", "{\"image\":\"\",\"profile\":\"p\"}", 400, "bad_request")]
    public async Task Request_ThatIsWrong_IsAProblem(string method, string path, string? body, int status, string code)
    {
        await using var runner = await RunnerHarness.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await runner.Http.SendAsync(request);
        await RunnerHarness.ProblemAsync(response, (HttpStatusCode)status, code);
    }

    [Theory]
    [InlineData("calls/c1", """{"method":"initialize"}""")]
    [InlineData("calls/c1", """{"method":"notifications/initialized"}""")]
    [InlineData("calls/c1", """{"method":"tools/call","params":[1]}""")]
    [InlineData("calls/c1", """{"method":"tools/call","params":{"t":"\ud800"}}""")]
    [InlineData("calls/c1", """{"method":"tools/call","timeoutSeconds":0}""")]
    [InlineData("calls/c1", """{"method":null}""")]
    [InlineData("calls/box-initialize", """{"method":"ping"}""")]
    [InlineData("calls/-c", """{"method":"ping"}""")]
    public async Task Call_ThatIsWrong_Is400AndNothingIsSent(string path, string body)
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        using var response = await runner.Http.PutAsync("/runs/box/" + path, new StringContent(body));
        await RunnerHarness.ProblemAsync(response, HttpStatusCode.BadRequest, ProblemCodes.BadRequest);
        await runner.PutAsync("box", "c2", method: "tools/list", json: null);
        await runner.AnswerAsync("box", "c2");
        Assert.Equal(3, runner.Seen.Length);
    }

    [Theory]
    [InlineData("/decisions", 300_000, false)]
    [InlineData("/decisions", 300_000, true)]
    [InlineData("/decisions", 3_000_000, false)]
    [InlineData("/runs/box/calls/c1", 1_100_000, false)]
    [InlineData("/runs/box/calls/c1", 1_100_000, true)]
    public async Task Body_OverItsCap_Is413(string path, int bytes, bool chunked)
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Echo);
        using var request = new HttpRequestMessage(path[1] == 'd' ? HttpMethod.Post : HttpMethod.Put, path) { Content = new ByteArrayContent(new byte[bytes]) };
        request.Headers.TransferEncodingChunked = chunked;
        using var response = await runner.Http.SendAsync(request);
        await RunnerHarness.ProblemAsync(response, HttpStatusCode.RequestEntityTooLarge, ProblemCodes.TooLarge);
    }

    [Fact]
    public async Task Decision_IsAnswered_AlsoWhenRefused()
    {
        await using var runner = await RunnerHarness.StartAsync();
        using var response = await runner.Http.PostAsync("/decisions", new StringContent("""{"image":"evil","profile":"default"}"""));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(RefusalCodes.Unsigned, (await RunnerHarness.ReadAsync<Decision>(response)).Code);
    }

    [Fact]
    public async Task Decision_GateIsBusy_Is429WithRetryAfterAlsoOfALaunch()
    {
        await using var runner = await RunnerHarness.StartAsync();
        using var decision = await runner.Http.PostAsync("/decisions", new StringContent("""{"image":"crowd","profile":"default"}"""));
        using var launch = await runner.LaunchAsync(runner.Request("box", Scripts.Echo) with { Image = "crowd" });

        foreach (var response in (HttpResponseMessage[])[decision, launch])
        {
            await RunnerHarness.ProblemAsync(response, HttpStatusCode.TooManyRequests, ProblemCodes.Busy);
            Assert.NotNull(response.Headers.RetryAfter);
        }
    }

    [Fact]
    public async Task CallsInFlight_AboveTheMost_Are429()
    {
        await using var runner = await RunnerHarness.StartAsync("MaxCallsInFlight=2");
        await runner.LaunchAsync("box", Scripts.Raw("while rd; do :; done"));
        await runner.PutAsync("box", "c1");
        await runner.PutAsync("box", "c2");
        using var third = await runner.TryPutAsync("box", "c3");
        await RunnerHarness.ProblemAsync(third, HttpStatusCode.TooManyRequests, ProblemCodes.Busy);
    }

    [Fact]
    public async Task LongPoll_AnswersWhenTheHostStops()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.AfterHello("rd"));
        await runner.PutAsync("box", "c1", timeout: 50);
        var waiting = runner.GetAsync<CallView>("/runs/box/calls/c1?wait=60");
        await Poll.UntilAsync(() => runner.Time.IsArmed(TimeSpan.FromSeconds(60)));
        await runner.ShutdownAsync();
        Assert.Equal(CallStatus.Pending, (await waiting).Status);
        Assert.NotNull(runner.Driver.Find("box"));
    }

    [Fact]
    public async Task LongPoll_EndsAfterItsWait()
    {
        await using var runner = await RunnerHarness.StartAsync();
        await runner.LaunchAsync("box", Scripts.Raw("while rd; do :; done"));
        var waiting = runner.GetAsync<SandboxView>("/runs/box?wait=5&phase=starting");
        await Poll.UntilAsync(() => runner.Time.IsArmed(TimeSpan.FromSeconds(5)));
        runner.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(SandboxPhase.Starting, (await waiting).Phase);
    }
}
