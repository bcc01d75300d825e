using System.Net;

namespace Actors.RunnerApi.Egress;

/// <summary>How targets are found. Tests replace it to reach targets of their own.</summary>
/// <param name="Resolve">All addresses of a name; asked once per connection.</param>
/// <param name="IsPublic">Addresses that any rule may reach.</param>
/// <param name="IsPublicOrPrivate">Addresses that a rule with <c>allow_private</c> may reach.</param>
internal sealed record EgressDial(Func<string, CancellationToken, Task<IPAddress[]>> Resolve, Func<IPAddress, bool> IsPublic, Func<IPAddress, bool> IsPublicOrPrivate);
