using System.Text;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>What one command of the engine gave.</summary>
/// <param name="ExitCode">The engine's exit code.</param>
/// <param name="Stderr">The first 16 KiB.</param>
internal sealed record EngineResult(int ExitCode, string Stderr);

/// <summary>Runs the engine's program where it does better than its API: pulls with credentials of a file,
/// and a second connection to a container, since Podman's API would set up one anew that has just ended.</summary>
internal sealed partial class EngineCli(PodmanOptions options, TimeProvider time, ILogger logger)
{
    private const int MaxStderr = 16 * 1024;

    /// <summary>Runs to the end; a non-zero exit code is a result.</summary>
    /// <param name="verb">How messages call the command: they never hold its arguments.</param>
    /// <param name="arguments">Passed one by one, no shell in between.</param>
    /// <param name="seconds">Most time.</param>
    /// <param name="cancellationToken">Kills the command.</param>
    /// <exception cref="SandboxException"><see cref="SandboxFault.EngineUnavailable"/>.</exception>
    internal async Task<EngineResult> RunAsync(string verb, IReadOnlyList<string> arguments, int seconds, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        await using var client = Start(arguments);
        client.Stdin.Close();
        try
        {
            var started = time.GetTimestamp();
            var result = await FinishAsync(client, linked.Token);
            LogRan(options.Program, verb, result.ExitCode, time.GetElapsedTime(started).TotalMilliseconds);
            return result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{options.Program} {verb}' did not end within {seconds} s; see whether '{options.Program} info' answers on this machine.");
        }
    }

    /// <summary>Starts a long-lived client; the caller disposes it.</summary>
    internal EngineClient Start(IReadOnlyList<string> arguments) => EngineClient.Start(options.Program, arguments);

    /// <summary>The first bytes of a process' stderr, once it has ended; the rest is dropped.</summary>
    internal static async Task<string> WordsAsync(EngineClient client, CancellationToken cancellationToken)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[8192];
        try
        {
            for (int read; (read = await client.Stderr.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                kept.Write(buffer, 0, Math.Min(read, MaxStderr - (int)kept.Length));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It was killed.
        }

        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }

    private static async Task<EngineResult> FinishAsync(EngineClient client, CancellationToken cancellationToken)
    {
        var stdout = EngineClient.DrainAsync(client.Stdout);
        var stderr = WordsAsync(client, cancellationToken);
        await Task.WhenAll(stdout, stderr).WaitAsync(cancellationToken);
        await client.Exited.WaitAsync(cancellationToken);
        return new EngineResult(client.ExitCode, await stderr);
    }
}
