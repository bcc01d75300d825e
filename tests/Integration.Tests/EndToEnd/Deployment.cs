using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Testing;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>Shares one deployment: its tests run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class DeploymentTests : ICollectionFixture<Deployment>
{
    public const string Name = "deployment";
}

/// <summary>Everything for real: a registry, signed images, the runner and the silo as processes of their own, containers by Podman, the SDK's MCP client.</summary>
public sealed class Deployment : IAsyncLifetime
{
    public const string Repository = "tests/shell";
    internal const string SecretValue = "s3cr3t-value-42";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actors-e2e-");
    private readonly CosignTestSigner _signer = new();
    private readonly LocalRegistry _registry = new();
    private readonly string _instance = "t" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
    private readonly string _runnerUrl = ActorsProcess.FreeUrl();
    private readonly string _siloUrl = ActorsProcess.FreeUrl();

    public Uri McpUrl => new($"{_siloUrl}/mcp");

    internal FlippingRegistry Flipping { get; private set; } = null!;

    internal ActorsProcess Runner { get; private set; } = null!;

    internal ActorsProcess Silo { get; private set; } = null!;

    private string WorkflowFolder => Path.Combine(_folder.FullName, "workflows");

    public async Task InitializeAsync()
    {
        await _registry.InitializeAsync();
        await PublishAsync("1", ShellServer.Image("one"), sign: true);
        await PublishAsync("unsigned", ShellServer.Image("unsigned"), sign: false);
        await PublishAsync("first", ShellServer.Image("first"), sign: true);
        await PublishAsync("second", ShellServer.Image("second"), sign: true);
        Flipping = await FlippingRegistry.StartAsync(_registry.Host);
        WriteFiles();
        Runner = new ActorsProcess("RunnerApi", _runnerUrl, RunnerEnvironment());
        Silo = new ActorsProcess("Silo", _siloUrl, SiloEnvironment());
        await Runner.StartAsync();
        await Silo.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        await Runner.DisposeAsync();
        foreach (var container in Containers())
        {
            Engine("rm", "-f", "-t", "0", container);
        }

        await Flipping.DisposeAsync();
        await _registry.DisposeAsync();
        _signer.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Containers of this deployment, running or not.</summary>
    public IReadOnlyList<string> Containers() =>
        Engine("ps", "-a", "--filter", $"label=actors.sandbox={_instance}", "--format", "{{.Names}}").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Stops a container behind the runner's back.</summary>
    public static void RemoveContainer(string name) => Engine("rm", "-f", "-t", "0", name);

    /// <summary>Kills the engine's processes that serve the runner: they carry its containers' stdio.</summary>
    public void KillEngine()
    {
        var parent = $"\nPPid:\t{Runner.Id}\n";
        var serving = Process.GetProcessesByName("podman").Where(p => StatusOf(p).Contains(parent, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(serving);
        serving.ForEach(p => p.Kill());
    }

    private static string StatusOf(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/status");
        }
        catch (IOException)
        {
            // It has ended since it was listed.
            return "";
        }
    }

    /// <summary>Whether a server of the run has written this to stderr.</summary>
    internal bool ServerSaw(RunView run, string text) =>
        Containers().Any(c => c.Contains(run.RunId, StringComparison.Ordinal) && Engine("logs", c).Contains(text, StringComparison.Ordinal));

    internal async Task<string> PublishAsync(string tag, TestImage image, bool sign)
    {
        var digest = await _registry.Pusher.PushAsync(Repository, tag, image);
        if (sign)
        {
            await _signer.SignAndPushAsync(_registry.Pusher, Repository, digest);
        }

        return digest;
    }

    internal async Task<McpClient> ConnectAsync() =>
        await McpClient.CreateAsync(new HttpClientTransport(new HttpClientTransportOptions { Endpoint = McpUrl, TransportMode = HttpTransportMode.StreamableHttp }));

    /// <summary>Calls a tool of the silo and gives its structured content, error or not.</summary>
    internal async Task<JsonElement> CallAsync(string tool, object arguments)
    {
        await using var client = await ConnectAsync();
        var given = JsonSerializer.SerializeToElement(arguments).EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal);
        CallToolResult result = await client.CallToolAsync(tool, given);
        return result.StructuredContent!.Value;
    }

    internal async Task<RunView> RunAsync(string workflow) => await DoneAsync(await StartAsync(workflow));

    /// <summary>Submits without waiting for the end.</summary>
    internal async Task<RunView> StartAsync(string workflow) => View(await CallAsync("run_workflow", new { workflow_id = workflow }));

    /// <summary>Waits until the run waits for somebody, by its trace.</summary>
    internal async Task<RunView> WaitingAsync(RunView run)
    {
        while (run is { WaitingFor: null, Status: not RunStatus.Done })
        {
            run = View(await CallAsync("wait_run", new { run_id = run.RunId, timeout_seconds = 1 }));
        }

        return run;
    }

    internal async Task<RunView> DoneAsync(RunView run)
    {
        while (run.Status != RunStatus.Done)
        {
            run = View(await CallAsync("wait_run", new { run_id = run.RunId, timeout_seconds = 20 }));
        }

        return run;
    }

    internal async Task<IReadOnlyList<TraceEntry>> TraceAsync(RunView run)
    {
        var page = (await CallAsync("get_run_trace", new { run_id = run.RunId, limit = 500 })).Deserialize<TracePage>(ActorsJson.Options)!;
        Assert.Null(TraceChain.Verify(run.RunId, page.Entries));
        Assert.Equal(page.Total, page.Entries.Count);
        return page.Entries;
    }

    private static RunView View(JsonElement content)
    {
        Assert.False(content.TryGetProperty("error", out var error) && !content.TryGetProperty("run_id", out _), error.ToString());
        return content.Deserialize<RunView>(ActorsJson.Options)!;
    }

    private static string Engine(params string[] arguments)
    {
        var start = new ProcessStartInfo("podman", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return arguments[0] == "logs" ? output + errors.Result : output;
    }

    private void WriteFiles()
    {
        Directory.CreateDirectory(WorkflowFolder);
        foreach (var tool in ShellServer.Tools)
        {
            File.WriteAllText(Path.Combine(WorkflowFolder, tool + ".yaml"), ShellServer.Workflow(tool, $"{_registry.Host}/{Repository}:1", "default"));
        }

        File.WriteAllText(Path.Combine(WorkflowFolder, "shared-kernel.yaml"), ShellServer.Workflow("who", $"{_registry.Host}/{Repository}:1", "shared-kernel", "shared-kernel"));
        File.WriteAllText(Path.Combine(WorkflowFolder, "unsigned.yaml"), ShellServer.Workflow("who", $"{_registry.Host}/{Repository}:unsigned", "default", "unsigned"));
        File.WriteAllText(Path.Combine(WorkflowFolder, "elsewhere.yaml"), ShellServer.Workflow("who", "registry.invalid/tests/shell:1", "default", "elsewhere"));
        File.WriteAllText(Path.Combine(WorkflowFolder, "flip.yaml"), ShellServer.Workflow("who", $"{Flipping.Host}/{Repository}:{FlippingRegistry.Tag}", "shared-kernel", "flip"));
        File.WriteAllText(Path.Combine(WorkflowFolder, "two-servers.yaml"), ShellServer.TwoServers($"{_registry.Host}/{Repository}:1"));
        File.WriteAllText(Path.Combine(WorkflowFolder, "count-approved.yaml"), ShellServer.CountApproved($"{_registry.Host}/{Repository}:1"));
        File.WriteAllText(Path.Combine(_folder.FullName, "key.pub"), _signer.PublicKeyPem);
        File.WriteAllText(Path.Combine(_folder.FullName, "policy.yaml"), ShellServer.Policy(_registry.Host, Flipping.Host));
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "secrets"));
        File.WriteAllText(Path.Combine(_folder.FullName, "secrets", "api-key"), SecretValue);
        var token = Path.Combine(_folder.FullName, "token");
        File.WriteAllText(token, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));
        File.SetUnixFileMode(token, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private Dictionary<string, string> RunnerEnvironment() => new(StringComparer.Ordinal)
    {
        ["ACTORS__RUNNER__URL"] = _runnerUrl,
        ["ACTORS__RUNNER__TOKENFILE"] = Path.Combine(_folder.FullName, "token"),
        ["ACTORS__RUNNER__POLICYFILE"] = Path.Combine(_folder.FullName, "policy.yaml"),
        ["ACTORS__RUNNER__STATEDIRECTORY"] = Path.Combine(_folder.FullName, "runner"),
        ["ACTORS__RUNNER__SECRETSDIRECTORY"] = Path.Combine(_folder.FullName, "secrets"),
        ["SANDBOX__INSTANCE"] = _instance,
    };

    private Dictionary<string, string> SiloEnvironment() => new(StringComparer.Ordinal)
    {
        ["ACTORS__SILO__URL"] = _siloUrl,
        ["ACTORS__SILO__RUNNERURL"] = _runnerUrl,
        ["ACTORS__SILO__RUNNERTOKENFILE"] = Path.Combine(_folder.FullName, "token"),
        ["ACTORS__SILO__WORKFLOWS"] = WorkflowFolder,
        ["ACTORS__SILO__DATABASE"] = Path.Combine(_folder.FullName, "silo.db"),
        ["ACTORS__SILO__RUNWORKFLOWWAITSECONDS"] = "1",
    };
}
