using System.Security.Claims;
using Actors.Silo.Tests.Support;

namespace Actors.Silo.Tests.Access;

/// <summary>How a caller travels with a request.</summary>
public sealed class CallerTests
{
    [Fact]
    public void Of_ClaimsMadeElsewhere_MeanNothing()
    {
        var forged = new ClaimsPrincipal(new ClaimsIdentity([new Claim("actors:subject", "root")], "Negotiate"));

        Assert.Equal(Caller.LocalSubject, Caller.Of(forged).Subject);
    }

    [Fact]
    public void Of_PrincipalOfACaller_IsThatCaller()
    {
        var caller = Caller.Of((Caller.Local with { Subject = "ann", Groups = new HashSet<string>(StringComparer.Ordinal) { "ops", "dev" } }).ToPrincipal());

        Assert.Equal("ann", caller.Subject);
        Assert.Equal(["dev", "ops"], caller.Groups.Order(StringComparer.Ordinal));
        Assert.Empty(caller.Scopes);
    }

    [Fact]
    public async Task RunWorkflow_OnLoopbackWithoutAuthentication_BelongsToLocal()
    {
        await using var silo = await SiloHost.StartAsync();
        using var http = silo.CreateClient();
        using var response = await http.CallAsync("run_workflow", new { workflow_id = "three", @params = new { ms = 0 } });
        var run = await response.ContentAsync();

        Assert.Equal("local", run.GetProperty("submitter").GetString());
        Assert.Equal("succeeded", run.GetProperty("outcome").GetString());
    }
}
