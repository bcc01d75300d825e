using Actors.RunnerApi.Tests.Support;

namespace Actors.Benchmarks.Sandbox;

/// <summary>One engine with one runtime: through the runner, and bare.</summary>
internal interface ISandboxBench : IAsyncDisposable
{
    /// <summary>Such as <c>podman runc</c>.</summary>
    string Name { get; }

    /// <summary>The runner over it, booted.</summary>
    RealRunner Runner { get; }

    /// <summary>An image that the engine has not seen.</summary>
    Task<string> NewImageAsync();

    /// <summary>Starts a container of the image without the runner, sends what a session would, and gives the milliseconds until the tool's answer; the clean-up is not measured.</summary>
    Task<double> BareAsync(string image, CancellationToken cancellationToken);
}

/// <summary>What is run: the handshake and one tool call.</summary>
internal static class BenchServer
{
    internal static string Script => Scripts.AfterHello("rd; ok done");

    /// <summary>What the runner sends, at once.</summary>
    internal static ReadOnlySpan<byte> Lines =>
        "{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"initialize\",\"params\":{}}\n{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n{\"jsonrpc\":\"2.0\",\"id\":\"c\",\"method\":\"tools/call\",\"params\":{}}\n"u8;

    /// <summary>Reads lines until the call is answered.</summary>
    internal static async Task AnsweredAsync(Stream stdout, CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stdout, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Contains("\"id\":\"c\"", StringComparison.Ordinal))
            {
                return;
            }
        }

        throw new InvalidOperationException("The bare container ended without an answer.");
    }
}
