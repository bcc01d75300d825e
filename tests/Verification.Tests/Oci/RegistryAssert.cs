using Actors.Verification.Oci;

namespace Actors.Verification.Tests.Oci;

/// <summary>Expectations on failures at registries.</summary>
internal static class RegistryAssert
{
    /// <summary>The call fails so, and its message holds <paramref name="why"/>.</summary>
    public static async Task<RegistryException> FaultAsync(RegistryFault fault, Func<Task> call, string why = "")
    {
        var e = await Assert.ThrowsAsync<RegistryException>(call);
        Assert.True(e.Fault == fault, $"{e.Fault}: {e.Message}");
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        return e;
    }
}

/// <summary>Credentials per host, with what was asked for.</summary>
internal sealed class KnownCredentials : IRegistryCredentials
{
    private readonly Dictionary<string, RegistryCredential> _byHost = new(StringComparer.Ordinal);

    public List<string> Asked { get; } = [];

    public KnownCredentials With(string host, RegistryCredential credential)
    {
        _byHost[host] = credential;
        return this;
    }

    public Task<RegistryCredential?> FindAsync(string host, string repository, CancellationToken cancellationToken)
    {
        Asked.Add($"{host}/{repository}");
        return Task.FromResult(_byHost.GetValueOrDefault(host));
    }
}
