using System.Net.Http.Headers;
using System.Text;

namespace Actors.Verification.Oci;

/// <summary>Answers a registry's 401: with a name and password to the registry itself, or with a token for pulling from this one repository.</summary>
internal sealed class RegistryAuthenticator(GuardedHttp http, OciClientOptions options)
{
    // A helper is not run for every request, and a changed password is noticed soon.
    private static readonly TimeSpan BasicLifetime = TimeSpan.FromMinutes(1);
    private readonly AuthorizationCache _cache = new(options.Time);

    /// <summary>What opened this repository before and should still do; null for nothing.</summary>
    public AuthenticationHeaderValue? Known(OciRepository repository) => _cache.Find(repository);

    /// <summary>A fresh answer to the challenge.</summary>
    /// <exception cref="RegistryException">None can or may be given.</exception>
    public async Task<AuthenticationHeaderValue> AnswerAsync(OciRepository repository, IEnumerable<AuthenticationHeaderValue> challenges, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(repository);
        var challenge = AuthChallenge.Choose(challenges)
            ?? throw Unauthorized($"{repository.Host} wants credentials in a way that is not known here. Use one that offers Basic or Bearer.");
        var realm = challenge.IsBearer ? AuthRealm.Require(repository, challenge.Realm) : null;
        var credential = await options.Credentials.FindAsync(repository.Host, repository.Name, cancellationToken);
        var now = options.Time.GetUtcNow();
        if (realm is null)
        {
            var basic = BasicOf(repository, credential);
            _cache.Add(repository, basic, now + BasicLifetime);
            return basic;
        }

        var token = await FetchTokenAsync(repository, realm, challenge.Service, credential, cancellationToken);
        var bearer = new AuthenticationHeaderValue("Bearer", token.Value);
        _cache.Add(repository, bearer, now + token.Lifetime);
        return bearer;
    }

    private async Task<TokenAnswer> FetchTokenAsync(OciRepository repository, Uri realm, string? service, RegistryCredential? credential, CancellationToken cancellationToken)
    {
        var what = $"The token for {repository}";
        using var request = RequestOf(repository, realm, service, credential);
        using var response = await http.SendAsync(request, repository.Options.ReachesPrivate, what, cancellationToken);
        RequireTokenStatus(response, what, repository, credential);
        var body = await GuardedHttp.ReadAsync(response, options.Limits.TokenBytes, what, cancellationToken);
        return TokenAnswer.Read(what, new UncheckedBytes(body));
    }

    // The scope is ours, whatever the challenge asks for: pulling, from this repository.
    private static HttpRequestMessage RequestOf(OciRepository repository, Uri realm, string? service, RegistryCredential? credential)
    {
        var fields = new List<KeyValuePair<string, string>> { new("scope", $"repository:{repository.Name}:pull") };
        if (service is not null)
        {
            fields.Add(new("service", service));
        }

        if (credential?.IdentityToken is { } identity)
        {
            fields.AddRange([new("grant_type", "refresh_token"), new("refresh_token", identity), new("client_id", "actors-runner")]);
            return new HttpRequestMessage(HttpMethod.Post, realm) { Content = new FormUrlEncodedContent(fields) };
        }

        var query = string.Join('&', fields.Select(f => $"{f.Key}={Uri.EscapeDataString(f.Value)}"));
        var target = new UriBuilder(realm) { Query = realm.Query.Length > 1 ? $"{realm.Query[1..]}&{query}" : query };
        var request = new HttpRequestMessage(HttpMethod.Get, target.Uri);
        request.Headers.Authorization = credential is null ? null : BasicOf(repository, credential);
        return request;
    }

    private static AuthenticationHeaderValue BasicOf(OciRepository repository, RegistryCredential? credential) => credential is { Username: { } name, Password: { } password }
        ? new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{name}:{password}")))
        : throw Unauthorized($"{repository.Host} wants a user name and a password for {repository}. Add them to the registry auth file, or allow anonymous pulls.");

    private static void RequireTokenStatus(HttpResponseMessage response, string what, OciRepository repository, RegistryCredential? credential)
    {
        var status = (int)response.StatusCode;
        if (status == 200)
        {
            return;
        }

        throw status switch
        {
            400 or 401 or 403 when credential is null => Unauthorized($"{what} is not given without credentials (status {status}). Add them to the registry auth file, or allow anonymous pulls."),
            400 or 401 or 403 => Unauthorized($"{what} is not given for the configured credentials (status {status}). Renew them, or allow them to pull from {repository}."),
            429 or >= 500 => new RegistryException(RegistryFault.Unavailable, $"{what} could not be had: its service answered with status {status}. Try again later, or mend it."),
            _ => new RegistryException(RegistryFault.Protocol, $"{what} was answered with status {status}, which is no answer to this request; redirects are not followed. Mend the token service."),
        };
    }

    private static RegistryException Unauthorized(string message) => new(RegistryFault.Unauthorized, message);
}
