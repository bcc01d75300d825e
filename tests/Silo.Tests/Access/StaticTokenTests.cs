using System.Net;
using System.Text.Json;
using Actors.Access.Tokens;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Actors.Silo.Tests.Access;

/// <summary>Tokens from a file: who gets in, and what a changed file does.</summary>
public sealed class StaticTokenTests : IDisposable
{
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Call_WithoutAccessFile_EachHasItsOwnRunsAlone()
    {
        var (ann, bob) = (StaticToken.New(), StaticToken.New());
        await using var silo = await StartAsync($"# people\n{StaticToken.Line("ann", [], ann)}\n\n{StaticToken.Line("bob", ["ops"], bob)}\n");
        using var http = silo.CreateClient();
        var run = (await (await http.CallAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 0 } }, ann)).ContentAsync()).GetProperty("run_id").GetString();

        Assert.Equal("ann", (await (await http.CallAsync("get_run", new { run_id = run }, ann)).ContentAsync()).GetProperty("submitter").GetString());
        Assert.Equal("unknown_run", await CodeAsync(await http.CallAsync("get_run", new { run_id = run }, bob)));
        Assert.Equal("forbidden", await CodeAsync(await http.CallAsync("approve_run", new { run_id = run, step = "a", decision = "approve" }, ann)));
        Assert.Empty((await (await http.CallAsync("list_runs", new { }, bob)).ContentAsync()).GetProperty("runs").EnumerateArray());
    }

    [Theory]
    [InlineData(null, "Bearer realm=\"actors\"")]
    [InlineData("Bearer ", "invalid_token")]
    [InlineData("Bearer short", "invalid_token")]
    [InlineData("Bearer actors_0000000000000000000000000000000000000000000000000000000000000000", "invalid_token")]
    [InlineData("Basic YW5uOmFubg==", "invalid_token")]
    public async Task Call_NoGoodToken_Is401(string? header, string challenge)
    {
        await using var silo = await StartAsync(StaticToken.Line("ann", [], StaticToken.New()));
        using var http = silo.CreateClient();
        if (header is not null)
        {
            http.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        }

        using var response = await http.CallAsync("list_workflows", new { });
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains(challenge, response.Headers.GetValues("WWW-Authenticate").Single(), StringComparison.Ordinal);
        Assert.True(JsonElement.Parse(await response.Content.ReadAsStringAsync()).TryGetProperty("error", out _));
    }

    [Theory]
    [InlineData("GET", "/mcp", HttpStatusCode.Unauthorized)]
    [InlineData("DELETE", "/mcp", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/anything", HttpStatusCode.Unauthorized)]
    [InlineData("POST", "/healthz", HttpStatusCode.Unauthorized)]
    [InlineData("GET", "/healthz", HttpStatusCode.OK)]
    [InlineData("GET", "/.well-known/oauth-protected-resource", HttpStatusCode.NotFound)]
    public async Task Request_WithoutToken_ReachesTheOpenPathsAlone(string method, string path, HttpStatusCode status)
    {
        await using var silo = await StartAsync(StaticToken.Line("ann", [], StaticToken.New()));
        using var http = silo.CreateClient();
        using var response = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative)));

        Assert.Equal(status, response.StatusCode);
    }

    [Fact]
    public async Task Refresh_ChangedFile_LetsTheNewInAndABadOneChangesNothing()
    {
        var (ann, bob) = (StaticToken.New(), StaticToken.New());
        await using var silo = await StartAsync(StaticToken.Line("ann", [], ann));
        using var http = silo.CreateClient();
        var file = silo.Services.GetRequiredService<ReloadedFile<TokenList>>();
        var alarms = silo.Services.GetRequiredService<AccessMetrics>();

        _folder.Write("tokens", "rubbish");
        file.Refresh();
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, ann));
        Assert.Equal(["caller tokens"], alarms.Alarms);

        _folder.Write("tokens", StaticToken.Line("bob", [], bob));
        file.Refresh();
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(http, ann));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(http, bob));
        Assert.Empty(alarms.Alarms);
    }

    [Theory]
    [InlineData("ann:ops", "write SUBJECT")]
    [InlineData("ann:ops:0000", "write SUBJECT")]
    [InlineData("ann:ops:sha256=00", "write SUBJECT")]
    [InlineData("ann:ops:sha256=ZZ", "write SUBJECT")]
    [InlineData("local::HASH", "must not be 'local'")]
    [InlineData("a|b::HASH", "the subject must be")]
    [InlineData("ann:a b:HASH", "a group must be")]
    [InlineData("ann::HASH\nbob::HASH", "stands in the file twice")]
    public void Load_Line_ThatDoesNotFit_IsAFaultThatHidesTheHash(string text, string fault)
    {
        var hash = "sha256=" + new string('0', 64);
        var loaded = TokenListLoader.Load(_folder.Write("tokens", text.Replace("HASH", hash, StringComparison.Ordinal)));

        Assert.Null(loaded.Value);
        Assert.Contains(fault, Assert.Single(loaded.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain(hash, loaded.Faults[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileThatOthersMayWrite_IsAFault()
    {
        var path = _folder.Write("tokens", StaticToken.Line("ann", [], StaticToken.New()));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupWrite);
        var link = _folder.At("link");
        File.CreateSymbolicLink(link, path);

        Assert.Contains("chmod go-w", Assert.Single(TokenListLoader.Load(link).Faults), StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        Assert.Empty(TokenListLoader.Load(link).Faults);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<string?> CodeAsync(HttpResponseMessage response) => (await response.ContentAsync()).GetProperty("error").GetProperty("code").GetString();

    private static async Task<HttpStatusCode> StatusAsync(HttpClient http, string token)
    {
        using var response = await http.CallAsync("list_workflows", new { }, token);
        return response.StatusCode;
    }

    private Task<SiloHost> StartAsync(string tokens) => SiloHost.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["CallerTokensFile"] = _folder.Write("tokens", tokens),
        ["AccessReloadSeconds"] = "3600",
    });
}
