using System.Text.RegularExpressions;
using Npgsql;

namespace Actors.Grains.Store.Postgres;

/// <summary>Connection strings: what the operator wrote, and what this program adds.</summary>
internal static partial class PostgresConnections
{
    private const string Settings =
        // Nobody waits for ever, and nobody holds up vacuum.
        "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=10s "
        // All statements look rows up by key in tables that grow from empty: a plan made while they were small must not scan them later.
        + "-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c plan_cache_mode=force_generic_plan -c jit=off";

    private static readonly HashSet<string> s_writable = new(["any", "primary", "readwrite", "preferprimary"], StringComparer.OrdinalIgnoreCase);

    private static readonly Dictionary<string, string> s_uriOptions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["sslmode"] = "SSL Mode",
        ["sslrootcert"] = "Root Certificate",
        ["sslcert"] = "SSL Certificate",
        ["sslkey"] = "SSL Key",
        ["sslpassword"] = "SSL Password",
        ["application_name"] = "Application Name",
        ["connect_timeout"] = "Timeout",
        ["options"] = "Options",
        ["target_session_attrs"] = "Target Session Attributes",
    };

    /// <summary>Whether the text means a PostgreSQL server, by a URI or keywords; else it is a path.</summary>
    public static bool IsMeant(string text) => IsUri(text) || (text.Contains('=', StringComparison.Ordinal) && text.Split(';').Any(p => Keyword(p) is "host" or "server"));

    /// <summary>Reads either form.</summary>
    /// <exception cref="StoreUnavailableException">It is not understood; the message does not repeat it.</exception>
    public static NpgsqlConnectionStringBuilder Parse(string text, string? password)
    {
        NpgsqlConnectionStringBuilder builder;
        try
        {
            builder = IsUri(text) ? ParseUri(text) : new NpgsqlConnectionStringBuilder(text);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException or InvalidCastException)
        {
            // The inner message may quote a part of the string, which may be the password.
            throw new StoreUnavailableException("The database's connection string is not understood. Write postgres://user@host:port/database?sslmode=verify-full, or Npgsql's keywords (Host=…;Database=…;Username=…).");
        }

        if (password is not null)
        {
            builder.Password = password;
        }

        builder.ApplicationName ??= "actors";
        builder.Options = string.IsNullOrEmpty(builder.Options) ? Settings : $"{Settings} {builder.Options}";
        builder.MaxAutoPrepare = Math.Max(builder.MaxAutoPrepare, 64);
        builder.AutoPrepareMinUsages = 2;
        builder.CommandTimeout = 15;

        // Nothing here changes a session's settings: undoing them at each return to the pool costs a transaction.
        builder.NoResetOnClose = true;
        builder.KeepAlive = 30;
        builder.IncludeErrorDetail = false;
        builder.PersistSecurityInfo = false;
        if (!builder.ContainsKey("Maximum Pool Size") || builder.MaxPoolSize == 100)
        {
            builder.MaxPoolSize = 16;
        }

        return builder;
    }

    /// <summary>Where it is, for messages.</summary>
    public static string Describe(NpgsqlConnectionStringBuilder builder) => $"'{builder.Database}' on {builder.Host}{(HasManyHosts(builder) ? "" : $":{builder.Port}")}";

    /// <summary>Of several hosts, sessions are made with the one that takes writes.</summary>
    /// <exception cref="StoreUnavailableException">The settings do not go together, or want a server that takes no writes.</exception>
    public static NpgsqlDataSource Source(NpgsqlConnectionStringBuilder settings)
    {
        // Read as text, as the typed property does not tell what was left out.
        var wanted = settings.TryGetValue("Target Session Attributes", out var value) ? value?.ToString() ?? "" : "";
        if (wanted.Length > 0 && !s_writable.Contains(wanted.Replace("-", "", StringComparison.Ordinal)))
        {
            throw new StoreUnavailableException($"The database's connection string has target_session_attrs={wanted}: runs are written, so it must be read-write, primary or any.");
        }

        var plain = new NpgsqlConnectionStringBuilder(settings.ToString()) { TargetSessionAttributes = null };
        if (!settings.ContainsKey("Host Recheck Seconds") || settings.HostRecheckSeconds == 10)
        {
            // How long a standby is taken for one after it was promoted.
            plain.HostRecheckSeconds = 1;
        }

        var source = new NpgsqlDataSourceBuilder(plain.ToString());
        try
        {
            return HasManyHosts(settings) ? source.BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite) : source.Build();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException or FormatException)
        {
            throw new StoreUnavailableException($"The settings of the connection to {Describe(settings)} do not go together: {e.Message}", e);
        }
    }

    private static bool HasManyHosts(NpgsqlConnectionStringBuilder builder) => builder.Host?.Contains(',', StringComparison.Ordinal) == true;

    private static bool IsUri(string text) => text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase);

    private static string Keyword(string part) => part.Split('=')[0].Trim().ToLowerInvariant();

    [GeneratedRegex("^[a-z]+://([^/?#]*@)?(?<hosts>[^/?#@]*,[^/?#@]*)", RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, 1000)]
    private static partial Regex ManyHosts();

    private static NpgsqlConnectionStringBuilder ParseUri(string text)
    {
        // Several hosts, as libpq writes them, are more than a URI can have.
        var hosts = ManyHosts().Match(text) is { Success: true } match ? match.Groups["hosts"] : null;
        var uri = new Uri(hosts is null ? text : $"{text[..hosts.Index]}several{text[(hosts.Index + hosts.Length)..]}");
        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder { Host = hosts?.Value ?? uri.Host, Port = uri.Port > 0 ? uri.Port : 5432, Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')) };
        if (user[0].Length > 0)
        {
            builder.Username = Uri.UnescapeDataString(user[0]);
        }

        if (user.Length == 2)
        {
            builder.Password = Uri.UnescapeDataString(user[1]);
        }

        foreach (var option in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = option.Split('=', 2);
            var key = s_uriOptions[Uri.UnescapeDataString(pair[0])];
            var value = Uri.UnescapeDataString(pair.ElementAtOrDefault(1) ?? "");

            // libpq's spelling has hyphens.
            builder[key] = key is "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }

        return builder;
    }
}
