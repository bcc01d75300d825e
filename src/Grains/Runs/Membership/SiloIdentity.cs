using Actors.Grains.Store;

namespace Actors.Grains.Runs.Membership;

/// <summary>Who this process is to the other silos.</summary>
/// <param name="Name">For people.</param>
/// <param name="Version">The program's.</param>
internal sealed record SiloIdentity(string Name, string Version)
{
    /// <summary>Makes the id of each joining.</summary>
    public Func<SiloId> NewId { get; init; } = SiloId.New;
}
