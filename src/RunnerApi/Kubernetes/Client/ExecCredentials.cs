using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>A program that prints credentials, as kubeconfig names it.</summary>
internal sealed record ExecPlugin(string ApiVersion, string Command, IReadOnlyList<string> Args, IReadOnlyDictionary<string, string> Env);

/// <summary>What such a program prints.</summary>
internal sealed record ExecCredential(string? ApiVersion, string? Kind, ExecCredentialSpec? Spec, ExecCredentialStatus? Status);

/// <summary>What such a program is told.</summary>
internal sealed record ExecCredentialSpec(bool Interactive);

/// <summary>The credentials.</summary>
internal sealed record ExecCredentialStatus(string? Token, string? ClientCertificateData, string? ClientKeyData, DateTimeOffset? ExpirationTimestamp)
{
    public override string ToString() => "ExecCredentialStatus";
}

/// <summary>Credentials of an exec plugin, kept until shortly before they expire or until the server refuses them.</summary>
internal sealed class ExecCredentials(ExecPlugin plugin, TimeProvider time) : IKubeCredentials, IDisposable
{
    private const int MostOutput = 256 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Early = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private ExecCredentialStatus? _current;

    public X509Certificate2? Certificate { get; private set; }

    public async ValueTask<string?> TokenAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_current is null || _current.ExpirationTimestamp - Early < time.GetUtcNow())
            {
                _current = await RunAsync(cancellationToken);
                Certificate = _current.ClientCertificateData is { } pem ? X509Certificate2.CreateFromPem(pem, _current.ClientKeyData) : null;
            }

            return _current.Token;
        }
        catch (CryptographicException e)
        {
            throw Failed($"printed a certificate that cannot be used: {e.Message}");
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();

    public void Refused() => Interlocked.Exchange(ref _current, null);

    private async Task<ExecCredentialStatus> RunAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        using var process = Start();
        try
        {
            process.StandardInput.Close();
            var errors = process.StandardError.BaseStream.CopyToAsync(Stream.Null, either.Token);
            var buffer = new byte[MostOutput + 1];
            var length = await process.StandardOutput.BaseStream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, either.Token);
            if (length > MostOutput)
            {
                throw Failed($"printed more than {MostOutput} bytes");
            }

            await errors;
            await process.WaitForExitAsync(either.Token);
            return process.ExitCode == 0 ? Parse(buffer.AsSpan(0, length)) : throw Failed($"ended with code {process.ExitCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Failed($"did not end within {Patience.TotalSeconds} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private Process Start()
    {
        var info = new ProcessStartInfo(plugin.Command, plugin.Args) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var (name, value) in plugin.Env)
        {
            info.Environment[name] = value;
        }

        info.Environment["KUBERNETES_EXEC_INFO"] = JsonSerializer.Serialize(new ExecCredential(plugin.ApiVersion, "ExecCredential", new ExecCredentialSpec(Interactive: false), null), KubeJson.Default.ExecCredential);
        try
        {
            return Process.Start(info) ?? throw Failed("could not be started");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw Failed($"could not be started: {e.Message}");
        }
    }

    private ExecCredentialStatus Parse(ReadOnlySpan<byte> printed)
    {
        try
        {
            var credential = JsonSerializer.Deserialize(printed, KubeJson.Default.ExecCredential);
            return credential?.Status is { } status && (status.Token is not null || status is { ClientCertificateData: not null, ClientKeyData: not null })
                ? status
                : throw Failed("printed neither a token nor a certificate with its key");
        }
        catch (JsonException)
        {
            throw Failed("printed no ExecCredential");
        }
    }

    private KubeException Failed(string what) => new(KubeFault.Unauthorized, $"The credential plugin '{plugin.Command}' {what}.");
}
