using System.Net;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Tests.Support;
using Actors.Testing;
using Actors.Verification.Policy;

namespace Actors.Kubernetes.Tests;

/// <summary>The runner over HTTP with pods behind it.</summary>
[Collection(ClusterCollectionDefinition.Name)]
public sealed class ClusterRunnerTests(ClusterFixture cluster)
{
    [Theory]
    [InlineData(SandboxRuntime.Runc)]
    [InlineData(SandboxRuntime.Runsc)]
    public async Task Answer_WhileTheRunnerIsDown_IsFoundAndNothingIsSentAgain(SandboxRuntime runtime)
    {
        await using var runner = await cluster.Runner(runtime, "--Actors:Runner:Isolation:Required=false").BootAsync();
        var id = await LaunchAsync(runner, "rd; ok first; rd; echo taken >&2; sleep 4; ok second; rd; ok \"$(grep -c . $SEEN)\"");
        await runner.PutAsync(id, "c1");
        Assert.Equal("first", await TextAsync(runner, id, "c1"));
        await runner.PutAsync(id, "c2");
        await Poll.UntilAsync(async () => (await runner.Http.GetStringAsync($"/runs/{id}/logs")).Contains("taken", StringComparison.Ordinal));

        await runner.StopAsync();
        await runner.BootAsync();

        Assert.Equal("second", await TextAsync(runner, id, "c2"));
        Assert.Equal("first", await TextAsync(runner, id, "c1"));
        await runner.PutAsync(id, "c3");

        // initialize, initialized, c1, c2, c3: each once.
        Assert.Equal("5", await TextAsync(runner, id, "c3"));
        using var deleted = await runner.Http.DeleteAsync($"/runs/{id}");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
    }

    [Fact]
    public async Task Answer_OfManyPiecesAmidStderr_IsWholeAndStderrIsEvidence()
    {
        // The noise is less than a log may have, however slowly the answer is written.
        await using var runner = await cluster.Runner(SandboxRuntime.Runc, "--Actors:Runner:Isolation:Required=false").BootAsync();
        var id = await LaunchAsync(runner, "rd; (j=0; while [ $j -lt 40000 ]; do echo \"noise \\\"} 0123456789\" >&2; j=$((j+1)); done) & n=$!; printf '{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"text\":\"' \"$id\"; "
            + "i=0; while [ $i -lt 20 ]; do fill 20000 x; i=$((i+1)); done; printf '\"}}\\n'; kill $n");
        await runner.PutAsync(id, "c1");

        Assert.Equal(new string('x', 400_000), await TextAsync(runner, id, "c1"));
        var view = await runner.GetAsync<SandboxView>($"/runs/{id}");
        Assert.Contains("noise \"} 0123456789\n", view.Evidence.StderrTail, StringComparison.Ordinal);
        Assert.Empty(view.Evidence.ProtocolNoise);
    }

    [Fact]
    public async Task Launch_ProvenKind_CarriesTheProof()
    {
        await using var runner = await cluster.Runner(SandboxRuntime.Runsc, "--Actors:Runner:Isolation:ProbeImage=" + cluster.Image).BootAsync();
        var id = await LaunchAsync(runner, "rd; ok done");

        var view = await runner.GetAsync<SandboxView>($"/runs/{id}");
        var report = await runner.GetAsync<IsolationReport>("/isolation");
        var proof = Assert.Single(report.Proofs);
        Assert.True(proof.Proven, string.Join('\n', proof.Checks));
        Assert.Equal(("kubernetes", true, "gvisor", proof.Id), (report.Driver, report.Enforced, proof.Runtime, view.IsolationProof));
        Assert.Equal(["default"], proof.Profiles);
    }

    [Fact]
    public async Task Launch_WithoutAProbe_IsRefused()
    {
        await using var runner = await cluster.Runner(SandboxRuntime.Runc).BootAsync();
        using var response = await runner.LaunchAsync($"t-{Guid.NewGuid():N}", Scripts.Echo);

        var problem = await RunnerHarness.ProblemAsync(response, HttpStatusCode.Forbidden, ProblemCodes.Refused);
        Assert.Equal(RefusalCodes.IsolationUnproven, problem.GetProperty("decision").GetProperty("code").GetString());
    }

    private static async Task<string> LaunchAsync(RealRunner runner, string body)
    {
        var id = $"t-{Guid.NewGuid():N}";
        using var response = await runner.LaunchAsync(id, Scripts.AfterHello(body));
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return id;
    }

    private static async Task<string?> TextAsync(RealRunner runner, string id, string call)
    {
        var answer = await runner.GetAsync<CallView>($"/runs/{id}/calls/{call}?wait=60");
        Assert.True(answer.Status == CallStatus.Result, $"{answer.Status} {answer.Error}");
        return answer.Result!.Value.GetProperty("text").GetString();
    }
}
