using System.Security.Cryptography;
using System.Text.Json;
using Actors.RunnerApi.Contracts;

namespace Actors.RunnerApi.Sessions;

/// <summary>Tells whether two bodies ask for the same thing; white space and the order of maps don't matter.</summary>
internal static class BodyHash
{
    /// <summary>SHA-256 of a call, hex. The caller clears its fence.</summary>
    public static string Of(CallRequest request) => Hash(request);

    /// <summary>SHA-256 of a launch without its fence, hex.</summary>
    public static string Of(LaunchRequest request) => Hash(request with
    {
        Fence = 0,
        Env = new SortedDictionary<string, string>(request.Env.ToDictionary(), StringComparer.Ordinal),
        Secrets = new SortedDictionary<string, string>(request.Secrets.ToDictionary(), StringComparer.Ordinal),
    });

    private static string Hash<T>(T body) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(body, ContractJson.Options)));
}
