using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Actors.Verification.Policy;

namespace Actors.RunnerApi.Kubernetes.Client;

/// <summary>Reads a kubeconfig: contexts, authorities, certificates, tokens, exec plugins. Whatever would weaken the connection is refused.</summary>
internal sealed class KubeConfigFile
{
    private const int LargestFile = 1024 * 1024;

    private readonly string _path;
    private readonly PolicyMap _root;
    private readonly TimeProvider _time;

    private KubeConfigFile(string path, PolicyMap root, TimeProvider time)
    {
        _path = path;
        _root = root;
        _time = time;
    }

    /// <summary>The connection of one context; an empty name means the file's current one.</summary>
    /// <exception cref="KubeException"><see cref="KubeFault.Invalid"/>; the message names the file, the thing and the fix, and holds no credential.</exception>
    internal static KubeConnection Load(string path, string context, TimeProvider time)
    {
        try
        {
            var text = new FileInfo(path).Length <= LargestFile ? File.ReadAllText(path) : throw Bad(path, $"is over {LargestFile} bytes");
            var root = PolicyYaml.Parse(text) as PolicyMap ?? throw Bad(path, "is no mapping");
            return new KubeConfigFile(path, root, time).Read(context);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or FormatException or ArgumentException)
        {
            throw new KubeException(KubeFault.Invalid, $"The kubeconfig '{path}' cannot be used: {e.Message}", e);
        }
        catch (PolicySyntaxException e)
        {
            throw Bad(path, $"line {e.Line}: {e.Message} {e.Fix}");
        }
    }

    private KubeConnection Read(string context)
    {
        var name = context.Length > 0 ? context : Text(_root, "current-context") ?? throw Bad("has no current-context; name a context");
        var chosen = Named("contexts", "context", name);
        var cluster = Named("clusters", "cluster", Text(chosen, "cluster") ?? throw Bad($"context '{name}' names no cluster"));
        if (Text(cluster, "insecure-skip-tls-verify") is "true")
        {
            throw Bad("has insecure-skip-tls-verify, which is not supported; give certificate-authority-data");
        }

        if (Text(cluster, "proxy-url") is not null || Text(cluster, "tls-server-name") is not null)
        {
            throw Bad("has proxy-url or tls-server-name, which are not supported");
        }

        if (!Uri.TryCreate(Text(cluster, "server"), UriKind.Absolute, out var server) || server.Scheme != Uri.UriSchemeHttps)
        {
            throw Bad("names no https server");
        }

        var user = Text(chosen, "user") is { } userName ? Named("users", "user", userName) : throw Bad($"context '{name}' names no user");
        return new KubeConnection(server, Credentials(user), Trust(cluster), Text(chosen, "namespace"));
    }

    private ServerTrust Trust(PolicyMap cluster) =>
        Text(cluster, "certificate-authority-data") is { } data ? ServerTrust.Pem(Decode(data), _time)
        : Text(cluster, "certificate-authority") is { } file ? ServerTrust.File(At(file), _time)
        : ServerTrust.Machine;

    private IKubeCredentials Credentials(PolicyMap user)
    {
        if (Text(user, "username") is not null || Child(user, "auth-provider") is not null)
        {
            throw Bad("uses a password or an auth-provider, which are not supported; use a certificate, a token or an exec plugin");
        }

        if (Child(user, "exec") is PolicyMap exec)
        {
            return new ExecCredentials(ReadExec(exec), _time);
        }

        if (Text(user, "tokenFile") is { } tokenFile)
        {
            return new FileCredentials(At(tokenFile), _time);
        }

        var certificate = Text(user, "client-certificate-data") is { } data ? Decode(data) : Text(user, "client-certificate") is { } file ? File.ReadAllText(At(file)) : null;
        var key = Text(user, "client-key-data") is { } keyData ? Decode(keyData) : Text(user, "client-key") is { } keyFile ? File.ReadAllText(At(keyFile)) : null;
        if (certificate is null != key is null)
        {
            throw Bad("has a client certificate without its key, or the other way round");
        }

        return new FixedCredentials(certificate is null ? null : X509Certificate2.CreateFromPem(certificate, key), Text(user, "token"));
    }

    private ExecPlugin ReadExec(PolicyMap exec)
    {
        var version = Text(exec, "apiVersion") ?? "";
        if (version is not ("client.authentication.k8s.io/v1" or "client.authentication.k8s.io/v1beta1"))
        {
            throw Bad($"its exec plugin speaks '{version}'; use client.authentication.k8s.io/v1 or v1beta1");
        }

        var command = Text(exec, "command") ?? throw Bad("its exec plugin has no command");
        var args = (Child(exec, "args") as PolicyList)?.Items.OfType<PolicyScalar>().Select(a => a.Value).ToList() ?? [];
        var env = (Child(exec, "env") as PolicyList)?.Items.OfType<PolicyMap>().Where(e => Text(e, "name") is not null)
            .ToDictionary(e => Text(e, "name")!, e => Text(e, "value") ?? "", StringComparer.Ordinal) ?? [];

        // A relative path is relative to the file, a bare name comes from the PATH.
        return new ExecPlugin(version, command.Contains('/', StringComparison.Ordinal) ? At(command) : command, args, env);
    }

    private PolicyMap Named(string list, string member, string name) =>
        (Child(_root, list) as PolicyList)?.Items.OfType<PolicyMap>().FirstOrDefault(e => Text(e, "name") == name) is { } entry && Child(entry, member) is PolicyMap found
            ? found
            : throw Bad($"has no '{name}' in its {list}");

    private string At(string file) => Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(_path))!);

    private KubeException Bad(string problem) => Bad(_path, problem);

    private static KubeException Bad(string path, string problem) => new(KubeFault.Invalid, $"The kubeconfig '{path}' {problem}.");

    private static string Decode(string base64) => Encoding.UTF8.GetString(Convert.FromBase64String(base64));

    private static PolicyNode? Child(PolicyMap map, string key) => map.Entries.FirstOrDefault(e => e.Key.Value == key).Value;

    private static string? Text(PolicyMap map, string key) => Child(map, key) is PolicyScalar { Value.Length: > 0 } s ? s.Value : null;
}
