using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Actors.Verification.Oci;

/// <summary>Runs Docker's credential helpers: <c>docker-credential-NAME get</c>, the registry on its standard input, its answer as JSON on its standard output.
/// No shell, a bounded time, a bounded output; answers are remembered for a minute.</summary>
/// <param name="time">The clock.</param>
/// <param name="searchPath">Directories, separated by colons; the <c>PATH</c> variable when null.</param>
internal sealed class CredentialHelper(TimeProvider time, string? searchPath = null)
{
    /// <summary>How long a helper may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int MaxOutputBytes = 64 * 1024;
    private const int MaxRemembered = 64;
    private const string NotFoundWords = "credentials not found in native keychain";
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(1);
    private readonly ConcurrentDictionary<(string Name, string Server), (RegistryCredential? Credential, DateTimeOffset Until)> _known = new();

    /// <summary>The helper's credentials for that server; null when it says that it has none.</summary>
    /// <exception cref="RegistryException">It is not there, fails, hangs, or answers with something else.</exception>
    public async Task<RegistryCredential?> GetAsync(string name, string server, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue((name, server), out var known) && time.GetUtcNow() < known.Until)
        {
            return known.Credential;
        }

        var (exitCode, output) = await RunAsync(name, Find(name), server, cancellationToken);
        var credential = Read(name, exitCode, output);
        if (_known.Count >= MaxRemembered)
        {
            _known.Clear();
        }

        _known[(name, server)] = (credential, time.GetUtcNow() + Memory);
        return credential;
    }

    private static RegistryCredential? Read(string name, int exitCode, byte[] output)
    {
        if (exitCode != 0)
        {
            return Encoding.UTF8.GetString(output).Trim() == NotFoundWords ? null : throw Failed(name, $"ended with exit code {exitCode}. Run it by hand to see why");
        }

        try
        {
            var root = UncheckedBytes.ReadObject("answer", output);
            if (OciDescriptor.ReadString(root, "Username") is { Length: > 0 } user && OciDescriptor.ReadString(root, "Secret") is { } secret)
            {
                return user == "<token>" ? RegistryCredential.Identity(secret) : RegistryCredential.Basic(user, secret);
            }
        }
        catch (RegistryException)
        {
            // Said below, without the answer, which may hold a secret.
        }

        throw Failed(name, "gave no JSON object with Username and Secret. Mend or replace it");
    }

    // Looked for here, because starting a bare name would also look in the working directory.
    private string Find(string name)
    {
        RequireName(name);
        var directories = (searchPath ?? Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Where(d => d.StartsWith('/'));
        return directories.Select(d => Path.Combine(d, "docker-credential-" + name)).FirstOrDefault(File.Exists)
            ?? throw Failed(name, "is not installed. Put it into a directory of PATH, or remove it from the registry auth file");
    }

    private static void RequireName(string name)
    {
        if (name.Length is 0 or > 64 || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
        {
            throw new RegistryException(RegistryFault.Credentials, "The registry auth file names a credential helper with characters other than letters, digits, '-', '_' and '.'. Mend it.");
        }
    }

    private async Task<(int ExitCode, byte[] Output)> RunAsync(string name, string file, string server, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using var process = Start(name, file);
        try
        {
            _ = process.StandardError.BaseStream.CopyToAsync(Stream.Null, both.Token);
            await TellAsync(process, server, both.Token);
            var output = await ReadOutputAsync(name, process.StandardOutput.BaseStream, both.Token);
            await process.WaitForExitAsync(both.Token);
            return (process.ExitCode, output);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new RegistryException(RegistryFault.Deadline, $"The credential helper docker-credential-{name} broke off, or did not answer within {Patience.TotalSeconds:0} s. Run it by hand to see why.", e);
        }
        finally
        {
            Stop(process);
        }
    }

    private static Process Start(string name, string file)
    {
        var start = new ProcessStartInfo(file) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("get");
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            throw Failed(name, "cannot be started. Check that it is a program for this machine and may be executed");
        }
    }

    private static async Task TellAsync(Process process, string server, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(server.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want to know; what it answers counts.
        }
    }

    private static async Task<byte[]> ReadOutputAsync(string name, Stream output, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxOutputBytes + 1];
        var read = await output.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read <= MaxOutputBytes ? buffer[..read] : throw Failed(name, $"gave more than {MaxOutputBytes} bytes. Mend or replace it");
    }

    private static void Stop(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or Win32Exception)
        {
            // It has ended, or a child of it cannot be ended; neither changes the answer.
        }
    }

    private static RegistryException Failed(string name, string why) => new(RegistryFault.Credentials, $"The credential helper docker-credential-{name} {why}.");
}
