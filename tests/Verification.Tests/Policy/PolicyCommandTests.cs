using System.CommandLine;
using Actors.Cli.Commands;
using Actors.Testing;
using Actors.Verification.Tests.Oci;
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

    [Theory]
    [InlineData("1", 0)]
    [InlineData("2", 0)]
    [InlineData(null, 1)]
    public async Task Check_Layout_IsReadInPlaceOfTheRegistry(string? signedAs, int code)
    {
        var image = TestImages.Text("in a layout");
        var signature = Harness.Signer.Sign(image.Digest);
        using var layout = new TestLayout();
        layout.Add(image, "1");
        if (signedAs is not null)
        {
            layout.Add(CosignTestSigner.ManifestOf([signature]), CosignTestSigner.TagOf(image.Digest));
        }

        Assert.Equal(code, await RunAsync("check", $"{Registry.Host}/{Name}:{signedAs ?? "1"}", "--policy", Harness.Folder.PolicyPath, "--platform", "linux/amd64", "--layout", layout.Directory));
        Assert.Empty(Registry.Requests);
    }

    [Fact]
    public async Task Lint_TheExamplesPolicy_HasNoFault()
    {
        // Its key is made by the demo; the harness has one of the same name.
        Harness.Folder.Write("policy.yaml", await File.ReadAllTextAsync(Repository.PathOf("examples", "policy.yaml")));

        Assert.Equal(0, await RunAsync("lint", Harness.Folder.PolicyPath));
    }

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
