using System.Diagnostics;
using Actors.Silo.Tests.Support;
using Actors.Testing.Cluster;

namespace Actors.Silo.Tests.Access;

/// <summary>The command line as a process: makes tokens, tries rules, and calls a silo that wants to know who calls.</summary>
public sealed class CommandLineTests : IDisposable
{
    // In its own folder: beside the tests it would miss what the web framework has.
    private static readonly string Program = ChildProcess.PathOf("src", "Cli").Replace("Actors.Cli.dll", "actors.dll", StringComparison.Ordinal);

    private readonly TestFolder _folder = new();

    [Fact]
    public async Task Token_MadeAndListed_LetsTheCommandLineIn()
    {
        var (_, line, _) = await RunAsync("token", "ann", "--group", "ops", "--out", _folder.At("token"));
        await using var silo = await SiloHost.StartAsync(new Dictionary<string, string>(StringComparer.Ordinal) { ["CallerTokensFile"] = _folder.Write("tokens", line) }, inMemory: false);
        var url = new Uri(silo.Url, "/mcp").ToString();

        var (code, output, error) = await RunAsync("run", "three", "--params", """{"ms":0}""", "--json", "--url", url, "--token-file", _folder.At("token"));
        Assert.True(code == 0, error);
        Assert.Contains("\"submitter\":\"ann\"", output, StringComparison.Ordinal);
        Assert.DoesNotContain((await File.ReadAllTextAsync(_folder.At("token"))).Trim(), line, StringComparison.Ordinal);

        var (without, _, why) = await RunAsync("workflows", "--url", url);
        Assert.Equal(1, without);
        Assert.Contains("--token-file", why, StringComparison.Ordinal);
        var (wrong, _, refused) = await RunAsync("workflows", "--url", url, "--token-file", _folder.Write("other", new string('x', 40)));
        Assert.Equal(1, wrong);
        Assert.Contains("does not take this token", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TokenFile_ForAPlainUrlElsewhere_IsNotSent()
    {
        var (code, _, error) = await RunAsync("workflows", "--url", "http://silo.invalid/mcp", "--token-file", _folder.Write("token", new string('x', 40)));

        Assert.Equal(1, code);
        Assert.Contains("in the clear", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "--group", "ops", "--action", "cancel", "--owner", "another")]
    [InlineData(1, "--group", "dev", "--action", "cancel", "--owner", "another")]
    [InlineData(0, "--group", "dev", "--action", "run")]
    [InlineData(1, "--action", "approve")]
    public async Task AccessCheck_Action_DecidesTheExitCode(int expected, params string[] arguments)
    {
        var rules = _folder.Write("access.yaml", "version: 1\ngrants:\n  - { groups: ops, workflows: '*', verbs: operate }\n  - { subjects: '*', workflows: 'a*', verbs: run }\n");
        var (code, output, error) = await RunAsync(["access", "check", "ann", "--workflow", "abc", "--access", rules, .. arguments]);

        Assert.True(code == expected, output + error);
    }

    [Fact]
    public async Task AccessLint_Faults_ArePrintedWithTheirLines()
    {
        var (code, _, error) = await RunAsync("access", "lint", _folder.Write("access.yaml", "version: 1\ngrants:\n  - { subjects: a, workflows: b, verbs: fly }\n"));

        Assert.Equal(1, code);
        Assert.Contains("access.yaml:3: 'verbs' has 'fly'", error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment.Remove("ACTORS_TOKEN_FILE");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
