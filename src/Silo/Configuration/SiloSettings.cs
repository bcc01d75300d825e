using System.Net;
using System.Text.RegularExpressions;
using Actors.Grains.Tracing;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Contracts.Configuration;

namespace Actors.Silo.Configuration;

/// <summary>What the host needs before it starts: checked options, the way in, the runner's address and token.</summary>
internal sealed record SiloSettings(SiloOptions Options, AccessSettings Access, Uri Runner, string RunnerToken, string? DatabasePassword, RedactionOptions Redaction, string? SessionKey)
{
    /// <summary>Where metrics are served; null: nowhere.</summary>
    public IPEndPoint? Metrics { get; private init; }

    private const int LargestSecret = 64 * 1024;
    private const int LongestName = 64;

    /// <summary>Reads the section <c>Actors:Silo</c>.</summary>
    /// <exception cref="SettingsException">At least one value is missing or wrong.</exception>
    public static SiloSettings Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(SiloOptions.Section);
        var reader = new SettingsReader(SiloOptions.Section, key => section[key]);
        var options = reader.Read<SiloOptions>();
        var access = AccessSettings.Read(reader, options);
        var metrics = reader.Endpoint(nameof(SiloOptions.MetricsUrl), options.MetricsUrl);
        var token = reader.Token(nameof(SiloOptions.RunnerTokenFile), options.RunnerTokenFile);
        if (!Uri.TryCreate(options.RunnerUrl.TrimEnd('/') + "/", UriKind.Absolute, out var runner) || (runner.Scheme != Uri.UriSchemeHttp && runner.Scheme != Uri.UriSchemeHttps))
        {
            reader.Fault(nameof(SiloOptions.RunnerUrl), "must read http://HOST:PORT or https://HOST:PORT.");
        }

        if (options.Workflows.Length > 0 && !Directory.Exists(options.Workflows))
        {
            reader.Fault(nameof(SiloOptions.Workflows), $"the folder '{options.Workflows}' does not exist.");
        }

        var sessionKey = reader.Token(nameof(SiloOptions.SessionKeyFile), options.SessionKeyFile);
        var password = ReadPassword(options, reader);
        CheckSilo(options, reader);
        CheckSecrets(options, reader);
        var redaction = ReadRedaction(options, reader);
        SettingsReader.ThrowOnFaults(reader);
        return new SiloSettings(options, access, runner!, token!, password, redaction, sessionKey) { Metrics = metrics };
    }

    private static string? ReadPassword(SiloOptions options, SettingsReader reader)
    {
        // A connection string is printed in more places than one would think.
        if (HoldsPassword(options.Database))
        {
            reader.Fault(nameof(SiloOptions.Database), "must not hold the password. Put it into a file and name that in DatabasePasswordFile.");
        }

        if (options.DatabasePasswordFile.Length == 0)
        {
            return null;
        }

        try
        {
            var password = File.ReadAllText(options.DatabasePasswordFile).TrimEnd('\r', '\n');
            if (password.Length == 0)
            {
                reader.Fault(nameof(SiloOptions.DatabasePasswordFile), $"'{options.DatabasePasswordFile}' is empty.");
            }

            return password;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reader.Fault(nameof(SiloOptions.DatabasePasswordFile), $"'{options.DatabasePasswordFile}' can't be read: {e.Message}");
            return null;
        }
    }

    // Of the user or of the client certificate's key; in either form.
    private static bool HoldsPassword(string database)
    {
        var options = database.Split(';', '?', '&').Select(p => Uri.UnescapeDataString(p.Split('=')[0]).Replace(" ", "", StringComparison.Ordinal).Trim().ToUpperInvariant());
        if (options.Any(o => o is "PASSWORD" or "PWD" or "PSW" or "SSLPASSWORD"))
        {
            return true;
        }

        return database.IndexOf("://", StringComparison.Ordinal) is var at and > 0 && database[(at + 3)..].Split('/', '?')[0].Split('@') is [var user, _, ..] && user.Contains(':', StringComparison.Ordinal);
    }

    private static void CheckSilo(SiloOptions options, SettingsReader reader)
    {
        if (options.SiloName.Length > LongestName || options.SiloName.Any(c => c is < '!' or > '~'))
        {
            reader.Fault(nameof(SiloOptions.SiloName), $"must be at most {LongestName} printable ASCII characters without spaces.");
        }

        if (options.DrainSeconds >= options.LeaseSeconds)
        {
            reader.Fault(nameof(SiloOptions.DrainSeconds), $"{options.DrainSeconds} is not less than LeaseSeconds ({options.LeaseSeconds}): others would take the runs over before the drain ends.");
        }

        if (options.MaxQueueAgeSeconds < options.LeaseSeconds)
        {
            reader.Fault(nameof(SiloOptions.MaxQueueAgeSeconds), $"{options.MaxQueueAgeSeconds} is less than LeaseSeconds ({options.LeaseSeconds}): one lost silo would refuse every submit.");
        }
    }

    // A value that cannot be hidden must not be passed over in silence.
    private static void CheckSecrets(SiloOptions options, SettingsReader reader)
    {
        if (options.SecretsDirectory.Length == 0)
        {
            return;
        }

        try
        {
            foreach (var file in Directory.EnumerateFiles(options.SecretsDirectory))
            {
                if (new FileInfo(file).Length > LargestSecret || File.ReadAllText(file).Trim().Length < SecretScrubber.ShortestValue)
                {
                    reader.Fault(nameof(SiloOptions.SecretsDirectory), $"'{file}' holds no value of {SecretScrubber.ShortestValue} characters to {LargestSecret} bytes, which is what can be redacted.");
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            reader.Fault(nameof(SiloOptions.SecretsDirectory), $"'{options.SecretsDirectory}' can't be read: {e.Message}");
        }
    }

    private static RedactionOptions ReadRedaction(SiloOptions options, SettingsReader reader)
    {
        var defaults = new RedactionOptions();
        var keys = Words(options.RedactKeys);
        foreach (var key in keys.Where(k => !IsPattern(k)))
        {
            reader.Fault(nameof(SiloOptions.RedactKeys), $"'{key}' is no regular expression that can be matched in linear time.");
        }

        return defaults with
        {
            Keys = [.. defaults.Keys, .. keys],
            Paths = Words(options.RedactPaths),
            SecretsDirectory = options.SecretsDirectory.Length > 0 ? options.SecretsDirectory : null,
        };
    }

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static bool IsPattern(string text)
    {
        try
        {
            _ = new Regex(text, RegexOptions.NonBacktracking);
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
