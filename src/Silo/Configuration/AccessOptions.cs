using System.ComponentModel.DataAnnotations;

namespace Actors.Silo.Configuration;

/// <summary>Settings of the way in, in the same section as <see cref="SiloOptions"/>.</summary>
internal sealed class AccessOptions
{
    /// <summary>File of static tokens, as <c>actors token</c> writes them.</summary>
    public string CallerTokensFile { get; set; } = "";

    /// <summary>Issuer of the JWTs that are taken: an https URL, exactly as in their <c>iss</c>.</summary>
    public string OAuthIssuer { get; set; } = "";

    /// <summary>Where the issuer's metadata is, when it is not at one of the two places that the issuer's URL gives.</summary>
    public string OAuthMetadataUrl { get; set; } = "";

    /// <summary>What a JWT's <c>aud</c> must name; <see cref="PublicUrl"/> when empty.</summary>
    public string OAuthAudience { get; set; } = "";

    /// <summary>Scopes that every JWT must have; separated by white space.</summary>
    public string OAuthScopes { get; set; } = "";

    /// <summary>The claim with the scopes: text with spaces between, or a list.</summary>
    [Required]
    public string OAuthScopesClaim { get; set; } = "scope";

    /// <summary>The claim with the groups: text or a list.</summary>
    [Required]
    public string OAuthGroupsClaim { get; set; } = "groups";

    /// <summary>Signature algorithms that are taken; separated by white space.</summary>
    [Required]
    public string OAuthAlgorithms { get; set; } = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512";

    /// <summary>The URL of <c>/mcp</c> by which clients know this silo; its host may stand in the Host header.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>The access rules; without a file each authenticated caller has its own runs, and the local one all.</summary>
    public string AccessFile { get; set; } = "";

    /// <summary>Allows <c>http://</c> on an address that others can reach: for a proxy in front that ends TLS.</summary>
    public bool AllowPlainHttp { get; set; }

    /// <summary>PEM file with the certificate and its intermediates; https only.</summary>
    public string TlsCertificateFile { get; set; } = "";

    /// <summary>PEM file with the certificate's key, not encrypted.</summary>
    public string TlsKeyFile { get; set; } = "";

    /// <summary>Unfinished runs of one authenticated caller; 0 for no bound.</summary>
    [Range(0, 10_000)]
    public int MaxRunsPerSubject { get; set; } = 100;

    /// <summary>Requests of one authenticated caller.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerMinute { get; set; } = 1200;

    /// <summary>Requests of one address before anybody knows whose they are; counted only while callers are authenticated.</summary>
    [Range(1, 10_000_000)]
    public int RequestsPerMinutePerAddress { get; set; } = 6000;

    /// <summary>Seconds between two looks at the files of rules, tokens and certificate.</summary>
    [Range(1, 3600)]
    public int AccessReloadSeconds { get; set; } = 5;

    /// <summary>Whether callers must say who they are.</summary>
    public bool Authenticates => CallerTokensFile.Length > 0 || OAuthIssuer.Length > 0;
}
