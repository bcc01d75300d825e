namespace Actors.Integration.Tests.EndToEnd;

/// <summary>The command line as a process: output and exit codes.</summary>
[Collection(DeploymentTests.Name)]
public sealed class CliTests(Deployment deployment)
{
    [Fact]
    public async Task Run_Succeeded_PrintsTheTraceWithoutColorsAndExitsWith0()
    {
        var (code, output, _) = await ActorsAsync("run", "who", "--trace");

        Assert.Equal(0, code);
        Assert.Contains("succeeded", output, StringComparison.Ordinal);
        Assert.Contains("chain verified", output, StringComparison.Ordinal);
        Assert.Matches("image sha256:[0-9a-f]{64}", output);
        Assert.Contains("under runsc", output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', output);
    }

    [Fact]
    public async Task Run_Rejected_ExitsWith2AndTellsTheReason()
    {
        var (code, output, _) = await ActorsAsync("run", "unsigned");

        Assert.Equal(2, code);
        Assert.Contains("rejected", output, StringComparison.Ordinal);
        Assert.Contains("unsigned: No signature", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ParamsFromAFile_AreReadAsTheyAre()
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "{\n  \"a\": \"b c\"\n}\n");
            var (code, output, error) = await ActorsAsync("run", "shared-kernel", "--params", "@" + file);

            Assert.True(code == 0, output + error);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("unknown_workflow", "run", "nowhere")]
    [InlineData("no JSON", "run", "who", "--params", "{")]
    [InlineData("Could not find file", "run", "who", "--params", "@/nowhere/x.json")]
    [InlineData("unknown_run", "trace", "run-nonsense")]
    [InlineData("\\u001b", "get", "run\u001b[31mX")]
    public async Task Command_BadInput_ExitsWith1AndSaysWhy(string why, params string[] arguments)
    {
        var (code, _, error) = await ActorsAsync(arguments);

        Assert.Equal(1, code);
        Assert.Contains(why, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error);
    }

    [Fact]
    public async Task Trace_WithAHeadThatIsNotInIt_ExitsWith2()
    {
        var run = await deployment.RunAsync("shared-kernel");
        var (kept, _, _) = await ActorsAsync("trace", run.RunId, "--head", run.TraceHead);
        var (lost, _, error) = await ActorsAsync("trace", run.RunId, "--head", new string('a', 64));

        Assert.Equal((0, 2), (kept, lost));
        Assert.Contains("rewritten", error, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output, string Error)> ActorsAsync(params string[] arguments) => ActorsCli.RunAsync(deployment, arguments);
}
