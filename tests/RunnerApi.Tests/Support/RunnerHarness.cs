using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.Verification.Policy;
using Actors.RunnerApi.Sandboxes;
using Actors.RunnerApi.Sessions;
using Actors.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Actors.RunnerApi.Tests.Support;

/// <summary>A real host on a free port over a temporary directory and local processes; it can be stopped and started again.</summary>
internal sealed class RunnerHarness : IAsyncDisposable
{
    public const string Token = "0123456789abcdef0123456789abcdef";

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("actors-runner-");
    private readonly string[] _settings;
    private WebApplication? _app;

    private RunnerHarness(string[] settings)
    {
        _settings = settings;
        Driver = new ProcessDriver(Time);
        Gate = new FakeGate(Time);
        WriteOwnerOnly(PathOf("token"), Token + "\n");
        Directory.CreateDirectory(PathOf("secrets"));
    }

    public FakeTimeProvider Time { get; } = new();

    public ProcessDriver Driver { get; }

    public FakeGate Gate { get; }

    public HttpClient Http { get; private set; } = new();

    public LogSink Logs { get; } = new();

    public SandboxRegistry Registry => _app!.Services.GetRequiredService<SandboxRegistry>();

    /// <summary>Adds services over those of the host; set before it starts.</summary>
    public Action<IServiceCollection> More { get; init; } = _ => { };

    /// <summary>Where the host listens: its own address, then that of the metrics.</summary>
    public IReadOnlyCollection<string> Addresses => [.. _app!.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];

    /// <summary>A service of the running host.</summary>
    public T Service<T>()
        where T : notnull => _app!.Services.GetRequiredService<T>();

    /// <summary>Lines that the script has read.</summary>
    public string[] Seen => File.Exists(PathOf("seen")) ? File.ReadAllLines(PathOf("seen")) : [];

    public static Task<RunnerHarness> StartAsync(params string[] settings) => StartAsync(_ => { }, settings);

    public static async Task<RunnerHarness> StartAsync(Action<IServiceCollection> more, params string[] settings)
    {
        var harness = new RunnerHarness(settings) { More = more };
        await harness.BootAsync();
        return harness;
    }

    public string PathOf(string name) => Path.Combine(_root.FullName, name);

    public void OpenGate() => File.WriteAllText(PathOf("gate"), "");

    public void AddSecret(string name, string value) => File.WriteAllText(Path.Combine(PathOf("secrets"), name), value);

    public async Task BootAsync(bool waitReady = true)
    {
        string[] args =
        [
            "--Actors:Runner:Url=http://127.0.0.1:0",
            "--Actors:Runner:TokenFile=" + PathOf("token"),
            "--Actors:Runner:PolicyFile=" + PathOf("policy.yaml"),
            "--Actors:Runner:StateDirectory=" + PathOf("state"),
            "--Actors:Runner:SecretsDirectory=" + PathOf("secrets"),
            .. _settings.Select(s => "--Actors:Runner:" + s),
        ];
        _app = RunnerApp.Create(args, (services, _) =>
        {
            services.AddLogging(logging => logging.ClearProviders().AddProvider(Logs));
            services.AddSingleton<TimeProvider>(Time);
            services.AddSingleton<IPolicyGate>(Gate);
            services.AddSingleton<ISandboxDriver>(Driver);
            More(services);
        });
        await _app.StartAsync();
        var address = Addresses.First();
        Http.Dispose();
        Http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        if (waitReady)
        {
            await Poll.UntilAsync(async () => (await Http.GetAsync("/readyz")).IsSuccessStatusCode);
        }
    }

    public async Task ShutdownAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
        }
    }

    public async Task RestartAsync()
    {
        await ShutdownAsync();
        await BootAsync();
    }

    public LaunchRequest Request(string id, string script, long fence = 0) => new()
    {
        Id = id,
        Image = "registry.test/server:1",
        Profile = "default",
        Args = ["sh", "-c", script],
        Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["SEEN"] = PathOf("seen"), ["GATE"] = PathOf("gate") },
        Fence = fence,
    };

    public async Task<HttpResponseMessage> LaunchAsync(LaunchRequest request) => await Http.PostAsJsonAsync("/runs", request, ContractJson.Options);

    public async Task LaunchAsync(string id, string script)
    {
        using var response = await LaunchAsync(Request(id, script));
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
    }

    public Task<HttpResponseMessage> TryPutAsync(string id, string callId, string method = "tools/call", string? json = "{}", int timeout = 60, long fence = 0) =>
        Http.PutAsync(
            $"/runs/{id}/calls/{callId}",
            new StringContent($$"""{"method":"{{method}}","params":{{json ?? "null"}},"timeoutSeconds":{{timeout}},"fence":{{fence}}}""", Encoding.UTF8, "application/json"));

    public async Task<CallView> PutAsync(string id, string callId, string method = "tools/call", string? json = "{}", int timeout = 60)
    {
        using var response = await TryPutAsync(id, callId, method, json, timeout);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await ReadAsync<CallView>(response);
    }

    /// <summary>The call once it is decided.</summary>
    public async Task<CallView> AnswerAsync(string id, string callId) => await GetAsync<CallView>($"/runs/{id}/calls/{callId}?wait=60");

    public Task<SandboxView> ViewAsync(string id) => GetAsync<SandboxView>($"/runs/{id}");

    public async Task<SandboxView> WhenAsync(string id, SandboxPhase phase)
    {
        SandboxView? view = null;
        await Poll.UntilAsync(
            async () => (view = await ViewAsync(id)).Phase == phase || view.Phase is SandboxPhase.Exited or SandboxPhase.Failed,
            $"{id} is {phase}, not {view}");
        Assert.True(view!.Phase == phase, $"{view} after reading: {string.Join(' ', Seen)}");
        return view;
    }

    public async Task<T> GetAsync<T>(string path)
    {
        using var response = await Http.GetAsync(path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await ReadAsync<T>(response);
    }

    public static async Task<T> ReadAsync<T>(HttpResponseMessage response) => (await response.Content.ReadFromJsonAsync<T>(ContractJson.Options))!;

    public static async Task<JsonElement> ProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == status, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var body = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, body.GetProperty("code").GetString());
        return body;
    }

    public async ValueTask DisposeAsync()
    {
        // A write to a process that never reads ends with the process, not with the fake clock.
        Driver.KillAll();
        await ShutdownAsync();
        Http.Dispose();
        Driver.Dispose();
        _root.Delete(recursive: true);
    }

    public static void WriteOwnerOnly(string path, string text)
    {
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
