using System.Net;
using Actors.Access.Rules;
using Actors.Access.Tokens;
using Actors.RunnerApi.Contracts.Configuration;
using Actors.Silo.Access.Listening;

namespace Actors.Silo.Configuration;

/// <summary>The way in, checked: where to listen, and the files that hold at the start.</summary>
internal sealed record AccessSettings(AccessOptions Options, IPEndPoint Endpoint, Loaded<AccessRules>? Rules, Loaded<TokenList>? Tokens, Loaded<TlsIdentity>? Tls, OAuthSettings? OAuth)
{
    /// <summary>Reads and checks; faults go to the reader, and the result is only good without any.</summary>
    public static AccessSettings Read(SettingsReader reader, SiloOptions silo)
    {
        var options = reader.Read<AccessOptions>();
        var endpoint = ReadEndpoint(reader, silo, options);
        var rules = Load(reader, nameof(AccessOptions.AccessFile), options.AccessFile, AccessLoader.Load);
        var tokens = Load(reader, nameof(AccessOptions.CallerTokensFile), options.CallerTokensFile, TokenListLoader.Load);
        var tls = options.TlsCertificateFile.Length == 0 || options.TlsKeyFile.Length == 0 ? null
            : Load(reader, nameof(AccessOptions.TlsCertificateFile), options.TlsCertificateFile, f => TlsIdentity.Load(f, options.TlsKeyFile));
        CheckTls(reader, silo, options);
        return new AccessSettings(options, endpoint ?? new IPEndPoint(IPAddress.None, 0), rules, tokens, tls, OAuthSettings.Read(reader, options));
    }

    private static IPEndPoint? ReadEndpoint(SettingsReader reader, SiloOptions silo, AccessOptions options)
    {
        var https = Uri.TryCreate(silo.Url, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps;
        var plain = https ? $"http://{url!.Host}:{url.Port}{url.PathAndQuery}" : silo.Url;
        var endpoint = reader.Endpoint(nameof(SiloOptions.Url), plain, options.Authenticates, "callers are not authenticated: set CallerTokensFile or OAuthIssuer, or use 127.0.0.1.");
        if (endpoint is null || IPAddress.IsLoopback(endpoint.Address))
        {
            return endpoint;
        }

        if (!https && !options.AllowPlainHttp)
        {
            reader.Fault(nameof(SiloOptions.Url), "tokens would travel in the clear: use https:// with TlsCertificateFile and TlsKeyFile, or set AllowPlainHttp when a proxy in front ends TLS.");
        }

        if (options.PublicUrl.Length == 0 && silo.AllowedHosts.Length == 0)
        {
            reader.Fault(nameof(AccessOptions.PublicUrl), "must be set, or AllowedHosts: requests for another Host than loopback's are refused otherwise.");
        }

        return endpoint;
    }

    private static void CheckTls(SettingsReader reader, SiloOptions silo, AccessOptions options)
    {
        var https = silo.Url.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        if (https && (options.TlsCertificateFile.Length == 0 || options.TlsKeyFile.Length == 0))
        {
            reader.Fault(nameof(AccessOptions.TlsCertificateFile), "must be set, and TlsKeyFile: Url is https://.");
        }

        if (!https && (options.TlsCertificateFile.Length > 0 || options.TlsKeyFile.Length > 0))
        {
            reader.Fault(nameof(AccessOptions.TlsCertificateFile), "is set, but Url is not https://.");
        }
    }

    private static Loaded<T>? Load<T>(SettingsReader reader, string key, string path, Func<string, Loaded<T>> load)
        where T : class
    {
        if (path.Length == 0)
        {
            return null;
        }

        var loaded = load(path);
        foreach (var fault in loaded.Faults)
        {
            reader.Fault(key, fault);
        }

        return loaded;
    }
}
