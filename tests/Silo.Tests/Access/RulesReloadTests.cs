using Actors.Access.Rules;
using Actors.Access.Tokens;
using Actors.Silo.Access;
using Actors.Silo.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Actors.Silo.Tests.Access;

/// <summary><c>access.yaml</c> that changes under a running silo.</summary>
public sealed class RulesReloadTests : IDisposable
{
    private const string Grants = "version: 1\ngrants: [{ subjects: SUBJECT, workflows: '*', verbs: run }]";
    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Refresh_ChangedRules_HoldForTheNextCallAndBadOnesChangeNothing()
    {
        var ann = StaticToken.New();
        await using var silo = await SiloHost.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["CallerTokensFile"] = _folder.Write("tokens", StaticToken.Line("ann", [], ann)),
            ["AccessFile"] = Write("ann"),
        });
        using var http = silo.CreateClient();
        var file = silo.Services.GetRequiredService<ReloadedFile<AccessRules>>();
        var alarms = silo.Services.GetRequiredService<AccessMetrics>();
        async Task<string> CodeAsync(string tool, object arguments)
        {
            var content = await (await http.CallAsync(tool, arguments, ann)).ContentAsync();
            return content.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var code) ? code.GetString()! : "ok";
        }

        var started = await (await http.CallAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 0 } }, ann)).ContentAsync();
        var run = new { run_id = started.GetProperty("run_id").GetString() };
        _folder.Write("access.yaml", "rubbish: [");
        file.Refresh();
        Assert.Equal("ok", await CodeAsync("get_run", run));
        Assert.Equal(["access rules"], alarms.Alarms);

        Write("bob");
        file.Refresh();
        Assert.Equal(("unknown_run", "unknown_workflow"), (await CodeAsync("get_run", run), await CodeAsync("run_workflow", new { workflow_id = "three" })));
        Assert.Empty(alarms.Alarms);

        Write("ann");
        file.Refresh();
        Assert.Equal("ok", await CodeAsync("get_run", run));
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string subject) => _folder.Write("access.yaml", Grants.Replace("SUBJECT", subject, StringComparison.Ordinal));
}
