using Actors.RunnerApi.Contracts;
using Actors.Testing;
using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Microsoft.Extensions.Logging;

namespace Actors.Verification.Tests.Policy;

/// <summary>A policy gate over a policy that trusts one key for everything under <c>host/examples/</c>.</summary>
internal sealed class GateHarness : IAsyncDisposable
{
    public static readonly TimeSpan ReloadEvery = TimeSpan.FromSeconds(5);

    public GateHarness(string host, string? rules = null, string sections = "", Action<PolicyFolder>? beforeOpen = null, Func<PolicyOptions, PolicyOptions>? change = null)
    {
        Folder.Write("keys/demo.pub", Signer.PublicKeyPem);
        Folder.WriteRules(rules ?? RuleFor(host), sections);
        var options = new PolicyOptions
        {
            PolicyFile = Folder.PolicyPath,
            Deadline = TimeSpan.FromSeconds(20),
            CacheTime = TimeSpan.FromSeconds(60),
            ReloadEvery = ReloadEvery,
            Platform = new OciPlatform("linux", "amd64"),
        };
        beforeOpen?.Invoke(Folder);
        Gate = PolicyGate.Open(change?.Invoke(options) ?? options, Clock, Log);
    }

    public PolicyFolder Folder { get; } = new();

    public PolicyGate Gate { get; }

    public CosignTestSigner Signer { get; } = new();

    public FakeTimeProvider Clock { get; } = new();

    public LogList Log { get; } = new();

    public static string RuleFor(string host, string require = "any: [ { key: keys/demo.pub } ]") => $$"""
          - match: "{{host}}/examples/**"
            insecure: true
            require: { {{require}} }
        """;

    /// <summary>Decides; a gate that hangs fails the test, as the deadline runs on a clock that stands still.</summary>
    public async Task<Decision> DecideAsync(string image, string profile = "default") =>
        (await Gate.DecideAsync(image, profile, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System)).Decision;

    public ValueTask DisposeAsync()
    {
        Gate.Dispose();
        Signer.Dispose();
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Keeps what is logged.</summary>
internal sealed class LogList : ILogger
{
    private readonly System.Collections.Concurrent.ConcurrentQueue<(LogLevel Level, string Text)> _lines = new();

    public IReadOnlyList<(LogLevel Level, string Text)> Lines => [.. _lines];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        ArgumentNullException.ThrowIfNull(formatter);
        _lines.Enqueue((logLevel, formatter(state, exception)));
    }
}
