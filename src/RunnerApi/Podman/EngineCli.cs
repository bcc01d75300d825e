using System.Text;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Podman;

/// <summary>What one short command of the engine gave.</summary>
/// <param name="ExitCode">The engine's exit code.</param>
/// <param name="Stdout">All of it.</param>
/// <param name="Stderr">The first 16 KiB.</param>
internal sealed record EngineResult(int ExitCode, string Stdout, string Stderr)
{
    /// <summary>True when the engine says that the container it was asked about does not exist.</summary>
    internal bool NoSuchContainer => ExitCode != 0 && Stderr.Contains("no such container", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Runs the engine's short commands, each bounded in time and output.</summary>
internal sealed partial class EngineCli(PodmanOptions options, TimeProvider time, ILogger logger)
{
    private const int MaxStdout = 4 * 1024 * 1024;
    private const int MaxStderr = 16 * 1024;

    /// <summary>Runs to the end; a non-zero exit code is a result.</summary>
    /// <param name="verb">How messages call the command: they never hold its arguments.</param>
    /// <param name="arguments">Passed one by one, no shell in between.</param>
    /// <param name="seconds">Most time.</param>
    /// <param name="cancellationToken">Kills the command.</param>
    /// <param name="environment">What goes to its stdin and into its environment.</param>
    /// <exception cref="SandboxException"><see cref="SandboxFault.EngineUnavailable"/>.</exception>
    internal async Task<EngineResult> RunAsync(
        string verb, IReadOnlyList<string> arguments, int seconds, CancellationToken cancellationToken, SandboxEnvironment? environment = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        await using var client = EngineClient.Start(options.Program, arguments, environment?.Process);
        try
        {
            var started = time.GetTimestamp();
            var result = await ExchangeAsync(client, environment?.Input ?? "", linked.Token);
            LogRan(options.Program, verb, result.ExitCode, time.GetElapsedTime(started).TotalMilliseconds);
            return result;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{options.Program} {verb}' did not end within {seconds} s; see whether '{options.Program} info' answers on this machine.");
        }
        catch (InvalidDataException e)
        {
            throw new SandboxException(SandboxFault.EngineUnavailable, $"'{options.Program} {verb}' wrote more than {MaxStdout} bytes; remove containers that are no longer needed.", e);
        }
    }

    /// <summary>Starts a long-lived client; the caller disposes it.</summary>
    internal EngineClient Start(IReadOnlyList<string> arguments) => EngineClient.Start(options.Program, arguments);

    /// <summary>The first bytes of what a client that has ended left on its stderr.</summary>
    internal static Task<string> WordsAsync(EngineClient client, CancellationToken cancellationToken) => ReadAsync(client.Stderr, MaxStderr, keepDraining: true, cancellationToken);

    private static async Task<EngineResult> ExchangeAsync(EngineClient client, string input, CancellationToken cancellationToken)
    {
        var stdout = ReadAsync(client.Stdout, MaxStdout, keepDraining: false, cancellationToken);
        var stderr = ReadAsync(client.Stderr, MaxStderr, keepDraining: true, cancellationToken);
        await SendAsync(client, input, cancellationToken);
        await Task.WhenAll(stdout, stderr);
        await client.Exited.WaitAsync(cancellationToken);
        return new EngineResult(client.ExitCode, await stdout, await stderr);
    }

    private static async Task SendAsync(EngineClient client, string input, CancellationToken cancellationToken)
    {
        try
        {
            await using var stdin = client.Stdin;
            await stdin.WriteAsync(Encoding.UTF8.GetBytes(input), cancellationToken);
        }
        catch (IOException)
        {
            // It ended without reading: its exit code and its words tell why.
        }
    }

    private static async Task<string> ReadAsync(Stream stream, int most, bool keepDraining, CancellationToken cancellationToken)
    {
        using var kept = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            var room = most - (int)kept.Length;
            if (read > room && !keepDraining)
            {
                throw new InvalidDataException("over the limit");
            }

            kept.Write(buffer, 0, Math.Min(read, room));
        }

        return Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length);
    }
}
