using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Testing;

namespace Actors.Verification.Tests.Npm;

/// <summary>Images in a docker-registry without referrers endpoint, signed and attached by npm's Sigstore libraries: one tag per case. Needs Node.js 20 with npm.</summary>
public sealed class NpmSignedImages : IAsyncLifetime
{
    public const string Identity = "https://github.com/tests/image/.github/workflows/release.yml@refs/heads/main";
    public const string Issuer = "https://token.actions.githubusercontent.com";
    private const string Name = "examples/tool";
    private const string Signature = "https://sigstore.dev/cosign/sign/v1";
    private const string Sbom = "https://spdx.dev/Document";

    // More than the ten minutes that the certificates are valid.
    private const int MinutesBeforeExpiry = 30;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private readonly string _directory = Directory.CreateTempSubdirectory("actors-npm-").FullName;
    private readonly LocalRegistry _registry = new();
    private readonly JsonArray _signatures = [];

    /// <summary><c>host:port</c>.</summary>
    public string Host => _registry.Host;

    /// <summary>The root that the mock's authorities and logs make up.</summary>
    public string TrustedRoot => File.ReadAllText(Path.Combine(_directory, "trusted_root.json"));

    /// <summary>PEM of the key that npm signed by.</summary>
    public string PublicKey => File.ReadAllText(Path.Combine(_directory, "npm.pub"));

    /// <summary>The reference of a case.</summary>
    public string Image(string tag) => $"{Host}/{Name}:{tag}";

    public async Task InitializeAsync()
    {
        await _registry.InitializeAsync();
        foreach (var by in (string[])["key", "keyless"])
        {
            await AddAsync(by, by, Signature);
            await AddAsync($"{by}-dsse", by, Signature, entry: "dsse");
            await AddAsync($"{by}-dsse-logged-otherwise", by, Signature, entry: "dsse", otherEntry: true);
            await AddAsync($"{by}-sbom", by, Sbom);
            await AddAsync($"{by}-of-another", by, Signature, of: TestImages.Text("another").Digest);
        }

        await AddAsync("keyless-expired", "keyless", Signature, minutesAgo: MinutesBeforeExpiry);
        await _registry.Pusher.PushAsync(Name, "unsigned", TestImages.Text("unsigned"));
        await SignAsync();
    }

    public async Task DisposeAsync()
    {
        await _registry.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Runs a program to its end; throws when that is no success, unless <paramref name="mayFail"/>.</summary>
    internal static async Task<(int Code, string Output)> RunAsync(string program, string directory, IReadOnlyList<string> arguments, bool mayFail = false)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = directory };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
        return process.ExitCode == 0 || mayFail
            ? (process.ExitCode, await output)
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await error}");
    }

    private async Task AddAsync(string tag, string by, string predicateType, string? of = null, int minutesAgo = 0, string entry = "intoto", bool otherEntry = false)
    {
        var digest = await _registry.Pusher.PushAsync(Name, tag, TestImages.Text(tag));
        _signatures.Add(new JsonObject
        {
            ["image"] = $"{Host}/{Name}",
            ["attachTo"] = digest,
            ["subject"] = of ?? digest,
            ["predicateType"] = predicateType,
            ["by"] = by,
            ["entry"] = entry,
            ["otherEntry"] = otherEntry,
            ["identity"] = Identity,
            ["issuer"] = Issuer,
            ["issuedMinutesAgo"] = minutesAgo,
        });
    }

    private async Task SignAsync()
    {
        var plan = Path.Combine(_directory, "plan.json");
        await File.WriteAllTextAsync(plan, JsonSerializer.Serialize(new JsonObject { ["out"] = _directory, ["signatures"] = _signatures }));
        var modules = (await RunAsync(Repository.PathOf("tests", "clients", "sigstore", "install.sh"), _directory, [])).Output.Trim();
        await RunAsync("node", modules, [Repository.PathOf("tests", "clients", "sigstore", "sign-images.mjs"), plan]);
    }
}
