using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Actors.RunnerApi.Configuration;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Sandboxes;
using Actors.Testing;
using Actors.Verification.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Actors.RunnerApi.Tests.Support;

/// <summary>The runner's real host over a real engine, configured as an operator would; only the policy gate is a fake that admits one image.</summary>
internal sealed class RealRunner(string image, SandboxRuntime runtime, params string[] settings) : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("actors-real-runner-");
    private readonly OpenGate _gate = new(image, runtime);
    private WebApplication? _app;

    internal HttpClient Http { get; private set; } = new();

    /// <summary>The image that is admitted, whatever is asked for.</summary>
    internal string Image { set => _gate.Image = value; }

    /// <summary>What the profile lets a sandbox reach.</summary>
    internal IReadOnlyList<EgressRule> Egress { set => _gate.Egress = value; }

    /// <summary>Services over those of the host.</summary>
    internal Action<IServiceCollection> More { get; set; } = _ => { };

    internal async Task<RealRunner> BootAsync()
    {
        var token = Path.Combine(_root.FullName, "token");
        RunnerHarness.WriteOwnerOnly(token, RunnerHarness.Token);
        string[] args =
        [
            "--Actors:Runner:Url=http://127.0.0.1:0",
            "--Actors:Runner:TokenFile=" + token,
            "--Actors:Runner:PolicyFile=unused.yaml",
            "--Actors:Runner:StateDirectory=" + Path.Combine(_root.FullName, "state"),
            .. settings,
        ];
        _app = RunnerApp.Create(args, (services, read) =>
        {
            services.AddLogging(logging => logging.ClearProviders());
            services.AddSingleton<IPolicyGate>(_gate);
            services.AddDriver(read);
            More(services);
        });
        await _app.StartAsync();
        var address = _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        Http = new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromMinutes(10) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", RunnerHarness.Token);
        await Poll.UntilAsync(async () => (await Http.GetAsync("/readyz")).IsSuccessStatusCode);
        return this;
    }

    internal async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync();
            await app.DisposeAsync();
            Http.Dispose();
        }
    }

    internal Task<HttpResponseMessage> LaunchAsync(string id, string script, SandboxLimits? limits = null) => Http.PostAsJsonAsync(
        "/runs",
        new LaunchRequest
        {
            Id = id,
            Image = "any",
            Profile = "default",
            Args = ["/bin/busybox", "sh", "-c", script],
            Limits = limits ?? new SandboxLimits(),
            Env = new Dictionary<string, string>(StringComparer.Ordinal) { ["SEEN"] = "/tmp/seen" },
        },
        ContractJson.Options);

    internal async Task<CallView> PutAsync(string id, string call)
    {
        using var response = await Http.PutAsync($"/runs/{id}/calls/{call}", new StringContent("""{"method":"tools/call","params":{}}""", Encoding.UTF8, "application/json"));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await RunnerHarness.ReadAsync<CallView>(response);
    }

    internal async Task<T> GetAsync<T>(string path)
    {
        using var response = await Http.GetAsync(path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return await RunnerHarness.ReadAsync<T>(response);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _root.Delete(recursive: true);
    }

    private sealed class OpenGate(string image, SandboxRuntime runtime) : IPolicyGate
    {
        public string Image { get; set; } = image;

        public IReadOnlyList<EgressRule> Egress { get; set; } = [];

        private readonly SandboxProfile _profile = new()
        {
            Name = "default",
            Runtime = runtime,
            Defaults = new ProfileLimits(300, 96 << 20, 32, 300),
            Caps = new ProfileLimits(1000, 128 << 20, 64, 3600),
        };

        public PolicyStatus Status => new("test", DateTimeOffset.UnixEpoch, Rules: 1, Profiles: 1, []);

        public IReadOnlyCollection<SandboxProfile> Profiles => [_profile with { Egress = Egress }];

        public Task<GateResult> DecideAsync(string asked, string profile, CancellationToken cancellationToken) => Task.FromResult(new GateResult(
            new Decision { Admitted = true, Image = asked, Profile = profile, Reference = Image, Digest = Image[(Image.IndexOf('@', StringComparison.Ordinal) + 1)..], PolicyRevision = "test", DecidedAt = DateTimeOffset.UnixEpoch },
            Profiles.Single(),
            InsecureRegistry: true));
    }
}
