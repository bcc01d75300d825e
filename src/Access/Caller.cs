using System.Collections.Frozen;
using System.Security.Claims;

namespace Actors.Access;

/// <summary>Who calls.</summary>
/// <param name="Subject">Stable name; a run belongs to the subject that submitted it.</param>
/// <param name="Groups">Groups that the caller's token names.</param>
/// <param name="Scopes">Scopes that the caller's token was given.</param>
internal sealed record Caller(string Subject, IReadOnlySet<string> Groups, IReadOnlySet<string> Scopes)
{
    private const string Authentication = "actors";
    private const string SubjectClaim = "actors:subject";
    private const string GroupClaim = "actors:group";
    private const string ScopeClaim = "actors:scope";

    /// <summary>Subject of whoever calls while callers are not authenticated, which is on loopback only.</summary>
    public const string LocalSubject = "local";

    /// <summary>The unauthenticated caller.</summary>
    public static Caller Local { get; } = new(LocalSubject, FrozenSet<string>.Empty, FrozenSet<string>.Empty);

    /// <summary>The caller that a request carries; <see cref="Local"/> for none. Claims made elsewhere than by <see cref="ToPrincipal"/> mean nothing here.</summary>
    public static Caller Of(ClaimsPrincipal? user) =>
        user?.Identities.FirstOrDefault(i => i.AuthenticationType == Authentication) is { } identity
            ? new Caller(identity.FindFirst(SubjectClaim)!.Value, Values(identity, GroupClaim), Values(identity, ScopeClaim))
            : Local;

    /// <summary>The form in which a request carries the caller.</summary>
    public ClaimsPrincipal ToPrincipal() => new(new ClaimsIdentity(
        [
            new Claim(SubjectClaim, Subject),
            .. Groups.Select(g => new Claim(GroupClaim, g)),
            .. Scopes.Select(s => new Claim(ScopeClaim, s)),
        ],
        Authentication));

    private static FrozenSet<string> Values(ClaimsIdentity identity, string type) => identity.FindAll(type).Select(c => c.Value).ToFrozenSet(StringComparer.Ordinal);
}
