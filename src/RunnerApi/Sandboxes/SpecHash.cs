using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Actors.RunnerApi.Sandboxes;

/// <summary>Tells two specs of one id apart.</summary>
internal static class SpecHash
{
    /// <summary>Identifies what was asked for: a container of that name made for anything else is not ours to use. Values of the environment stay out, since they may be guessed.</summary>
    internal static string Of(SandboxSpec spec)
    {
        var text = JsonSerializer.Serialize(new
        {
            spec.Reference,
            spec.Args,
            Env = spec.Env.Keys.Order(StringComparer.Ordinal),
            spec.Runtime,
            spec.CpuMillis,
            spec.MemoryBytes,
            spec.Pids,
            Lifetime = spec.Lifetime.TotalSeconds,
            spec.OutputBytes,
            Nodes = spec.Nodes is null ? null : new { Selector = spec.Nodes.Selector.OrderBy(s => s.Key, StringComparer.Ordinal), spec.Nodes.Tolerations },
        });

        // A spec without it has the hash that earlier versions gave it.
        text += spec.Nodes is { Spread.Count: > 0 } nodes ? JsonSerializer.Serialize(nodes.Spread) : "";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}
