using System.Net.Http.Headers;
using System.Text;

namespace Actors.Verification.Oci;

/// <summary>How a registry wants to be shown credentials. Hostile input.</summary>
/// <param name="IsBearer">A token from <paramref name="Realm"/>; otherwise a name and password.</param>
/// <param name="Realm">Where it says that tokens are.</param>
/// <param name="Service">Its name at the realm.</param>
internal sealed record AuthChallenge(bool IsBearer, string? Realm, string? Service)
{
    private const int MaxChars = 4096;
    private const int MaxServiceChars = 256;

    /// <summary>The first Bearer challenge, else the first Basic one; null when there is none that can be read.</summary>
    public static AuthChallenge? Choose(IEnumerable<AuthenticationHeaderValue> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        AuthChallenge? basic = null;
        foreach (var header in headers)
        {
            if (header.Scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) && TryParse(header.Parameter) is { } parameters)
            {
                return new AuthChallenge(IsBearer: true, parameters.GetValueOrDefault("realm"), ServiceOf(parameters));
            }

            if (header.Scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase))
            {
                basic ??= new AuthChallenge(IsBearer: false, Realm: null, Service: null);
            }
        }

        return basic;
    }

    private static string? ServiceOf(Dictionary<string, string> parameters) =>
        parameters.TryGetValue("service", out var service) && service.Length <= MaxServiceChars && !service.Any(char.IsControl) ? service : null;

    // name=token or name="quoted", separated by commas; null when it is anything else or names something twice.
    private static Dictionary<string, string>? TryParse(string? text)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var at = 0;
        if (text is null || text.Length > MaxChars)
        {
            return null;
        }

        while (true)
        {
            while (at < text.Length && text[at] is ' ' or '\t' or ',')
            {
                at++;
            }

            if (at == text.Length)
            {
                return found;
            }

            var equals = text.IndexOf('=', at);
            if (equals < 0 || !TryReadValue(text, equals + 1, out var value, out var end) || !found.TryAdd(text[at..equals].Trim(), value))
            {
                return null;
            }

            at = end;
        }
    }

    private static bool TryReadValue(string text, int start, out string value, out int end)
    {
        end = start;
        if (start >= text.Length || text[start] != '"')
        {
            while (end < text.Length && text[end] is not (',' or ' ' or '\t' or '"'))
            {
                end++;
            }

            value = text[start..end];
            return true;
        }

        var quoted = new StringBuilder();
        for (end = start + 1; end < text.Length && text[end] != '"'; end++)
        {
            end += text[end] == '\\' ? 1 : 0;
            if (end < text.Length)
            {
                quoted.Append(text[end]);
            }
        }

        value = quoted.ToString();
        return end++ < text.Length;
    }
}
