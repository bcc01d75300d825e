using System.CommandLine;
using Actors.Cli.Commands;
using Actors.Testing;
using Xunit;

namespace Actors.Verification.Tests.Policy;

/// <summary>The exit codes of <c>actors policy</c>.</summary>
public sealed class PolicyCommandTests : RegistryGate
{
    [Fact]
    public async Task Check_SignedImage_IsAdmitted()
    {
        AddSigned("checked");

        Assert.Equal(0, await RunAsync("check", Tagged, "--policy", Harness.Folder.PolicyPath, "--platform", "linux/amd64"));
    }

    [Fact]
    public async Task Check_UnsignedImage_IsRefused()
    {
        Registry.Add(Name, "1", TestImages.Text("unsigned"));

        Assert.Equal(1, await RunAsync("check", Tagged, "--policy", Harness.Folder.PolicyPath, "--json"));
    }

    [Theory]
    [InlineData("check")]
    [InlineData("check", "Not/A/Reference!")]
    [InlineData("check", "x", "--timeout", "0")]
    [InlineData("check", "x", "--platform", "linux")]
    [InlineData("check", "x", "--auth-file", "/nonexistent/auth.json")]
    [InlineData("check", "x", "--layout", "/nonexistent")]
    public async Task Policy_WrongUse_IsTold(params string[] args) =>
        Assert.Equal(2, await RunAsync(args.Length > 1 && args[0] == "check" ? [.. args, "--policy", Harness.Folder.PolicyPath] : args));

    [Fact]
    public async Task Check_RegistryThatFails_IsUnreachable()
    {
        Registry.Trick = context =>
        {
            context.Response.StatusCode = 503;
            return Task.FromResult(true);
        };

        Assert.Equal(3, await RunAsync("check", Tagged, "--policy", Harness.Folder.PolicyPath));
    }

    [Fact]
    public async Task Lint_GoodAndBadPolicy_AreTold()
    {
        Assert.Equal(0, await RunAsync("lint", Harness.Folder.PolicyPath));
        Harness.Folder.Write("policy.yaml", "version: 2\n");
        Assert.Equal(1, await RunAsync("lint", Harness.Folder.PolicyPath));
        Assert.Equal(1, await RunAsync("check", Tagged, "--policy", Harness.Folder.PolicyPath));
    }

    private static async Task<int> RunAsync(params string[] args)
    {
        var parsed = new RootCommand { PolicyCommand.Create() }.Parse(["policy", .. args]);
        return PolicyCommand.ExitCode(parsed, await parsed.InvokeAsync());
    }
}
