using System.Text;
using System.Text.Json;

namespace Actors.Verification.Oci;

/// <summary>Credentials of a file in the format of Docker's <c>config.json</c> and podman's <c>auth.json</c>: <c>auths</c>, <c>credHelpers</c> and <c>credsStore</c>,
/// keyed by registry or, more specific, by registry and repository path. It is read anew for each look-up, so a renewed file needs no restart.</summary>
internal sealed class DockerAuthFile(string path, CredentialHelper helper) : IRegistryCredentials
{
    private const int MaxBytes = 1024 * 1024;
    private const string DockerHub = "docker.io";
    private const string DockerHubKey = "https://index.docker.io/v1/";

    /// <inheritdoc/>
    public async Task<RegistryCredential?> FindAsync(string host, string repository, CancellationToken cancellationToken)
    {
        var root = await ReadAsync(cancellationToken);
        foreach (var key in KeysOf(host, repository))
        {
            if (Member(root, "credHelpers", key) is { Value: { ValueKind: JsonValueKind.String } name, Key: var server })
            {
                return await helper.GetAsync(name.GetString()!, server, cancellationToken);
            }

            if (Member(root, "auths", key) is { Value: var entry, Key: var rawKey } && Read(entry, rawKey) is { } credential)
            {
                return credential;
            }
        }

        return OciDescriptor.ReadString(root, "credsStore") is { Length: > 0 } store
            ? await helper.GetAsync(store, host == DockerHub ? DockerHubKey : host, cancellationToken)
            : null;
    }

    // host/a/b, host/a, host: the most specific first, and only whole path segments.
    private static IEnumerable<string> KeysOf(string host, string repository)
    {
        var key = $"{host}/{repository}";
        while (key.Length > host.Length)
        {
            yield return key;
            key = key[..key.LastIndexOf('/')];
        }

        yield return host;
    }

    private static (string Key, JsonElement Value)? Member(JsonElement root, string section, string key)
    {
        if (root.TryGetProperty(section, out var members) && members.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in members.EnumerateObject())
            {
                if (Normalise(member.Name) == key)
                {
                    return (member.Name, member.Value);
                }
            }
        }

        return null;
    }

    // Keys with a scheme are Docker's: only their host counts. Docker Hub has three names.
    private static string Normalise(string key)
    {
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        var rest = scheme < 0 ? key.TrimEnd('/') : key[(scheme + 3)..].Split('/')[0];
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var host = (slash < 0 ? rest : rest[..slash]).ToLowerInvariant();
        var path = slash < 0 ? "" : rest[slash..];
        return (host is "index.docker.io" or "registry-1.docker.io" ? DockerHub : host) + (path is "/v1" or "/v2" ? "" : path);
    }

    private RegistryCredential? Read(JsonElement entry, string key)
    {
        if (OciDescriptor.ReadString(entry, "identitytoken") is { Length: > 0 } token)
        {
            return RegistryCredential.Identity(token);
        }

        if (OciDescriptor.ReadString(entry, "auth") is { Length: > 0 } auth)
        {
            return Decode(auth, key);
        }

        return OciDescriptor.ReadString(entry, "username") is { Length: > 0 } name && OciDescriptor.ReadString(entry, "password") is { } password
            ? RegistryCredential.Basic(name, password)
            : null;
    }

    private RegistryCredential Decode(string auth, string key)
    {
        try
        {
            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(auth)).TrimEnd('\0');
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0)
            {
                return RegistryCredential.Basic(pair[..colon], pair[(colon + 1)..]);
            }
        }
        catch (FormatException)
        {
            // Said below; the exception could quote the secret.
        }

        throw Unreadable($"its entry for '{Printable(key)}' is no base64 of name:password. Log in to that registry again");
    }

    private async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var buffer = new byte[Math.Min(file.Length, MaxBytes) + 1];
            var read = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
            RequireFileCap(read);
            return UncheckedBytes.ReadObject("auth file", buffer.AsMemory(0, read));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable("it does not exist or may not be read. Check its path and permissions");
        }
        catch (RegistryException e) when (e.Fault == RegistryFault.Protocol)
        {
            throw Unreadable("it is no JSON object without duplicate members. Mend it");
        }
    }

    private void RequireFileCap(int bytes)
    {
        if (bytes > MaxBytes)
        {
            throw Unreadable($"it has more than {MaxBytes} bytes");
        }
    }

    private static string Printable(string key) => new([.. key.Take(100).Select(c => char.IsControl(c) ? '?' : c)]);

    private RegistryException Unreadable(string why) => new(RegistryFault.Credentials, $"The registry auth file '{path}' cannot be used: {why}.");
}
