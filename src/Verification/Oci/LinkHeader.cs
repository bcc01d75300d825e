namespace Actors.Verification.Oci;

/// <summary>Reads where the next page of a list is.</summary>
internal static class LinkHeader
{
    private const int MaxChars = 8192;

    /// <summary>The address of the only <c>rel="next"</c> link; null when there is none.</summary>
    /// <exception cref="RegistryException">A link that is not to the same list at the same origin, or more than one.</exception>
    public static Uri? Next(string what, Uri page, IReadOnlyList<string> headers)
    {
        ArgumentNullException.ThrowIfNull(page);
        ArgumentNullException.ThrowIfNull(headers);
        RequireShort(what, headers);
        Uri? next = null;
        foreach (var (address, parameters) in headers.SelectMany(Links))
        {
            if (!IsNext(parameters))
            {
                continue;
            }

            RequireOnly(what, next);
            next = Uri.TryCreate(page, address, out var target) ? target : throw Refused(what);
            RequireSameList(what, page, next);
        }

        return next;
    }

    // <address>; parameters, <address>; parameters …
    private static IEnumerable<(string Address, string Parameters)> Links(string header)
    {
        foreach (var part in header.Split('<').Skip(1))
        {
            var close = part.IndexOf('>', StringComparison.Ordinal);
            if (close >= 0)
            {
                yield return (part[..close], part[(close + 1)..]);
            }
        }
    }

    private static bool IsNext(string parameters) =>
        parameters.Split([';', ','], StringSplitOptions.TrimEntries).Any(p => p.Replace("\"", "", StringComparison.Ordinal).Equals("rel=next", StringComparison.OrdinalIgnoreCase));

    // A link that is passed over would cut the list off.
    private static void RequireShort(string what, IReadOnlyList<string> headers)
    {
        if (headers.Any(h => h.Length > MaxChars))
        {
            throw Refused(what);
        }
    }

    private static void RequireOnly(string what, Uri? before)
    {
        if (before is not null)
        {
            throw Refused(what);
        }
    }

    private static void RequireSameList(string what, Uri page, Uri target)
    {
        if (!RegistryEndpoint.SameOrigin(page, target) || target.UserInfo.Length > 0 || target.AbsolutePath != page.AbsolutePath)
        {
            throw Refused(what);
        }
    }

    private static RegistryException Refused(string what) =>
        new(RegistryFault.ForbiddenAddress, $"{what} continues at an address that is not followed (only the same list at the same registry is). Mend the registry.");
}
