using System.Reflection;

namespace Actors.Integration.Tests.Architecture;

/// <summary>Holds the reference graph: who may load what.</summary>
public sealed class ReferenceGraphTests
{
    [Fact]
    public void RunnerApi_Loads_NoDatabaseDriverAndNoGrains() =>
        AssertLoadsNothingOf("Actors.RunnerApi", "Actors.Grains", "Actors.Silo", "Microsoft.Data.Sqlite", "SQLitePCL", "Dapper", "Npgsql");

    [Fact]
    public void Grains_Load_NoHost() => AssertLoadsNothingOf("Actors.Grains", "Actors.Silo", "Actors.RunnerApi,", "Microsoft.AspNetCore", "Microsoft.Extensions.Hosting", "ModelContextProtocol");

    [Fact]
    public void GrainsInterfaces_Load_NothingOfOurs() => AssertLoadsNothingOf("Actors.Grains.Interfaces", "Actors.", "Dapper", "YamlDotNet");

    [Fact]
    public void Contracts_Load_NothingOfOurs() => AssertLoadsNothingOf("Actors.RunnerApi.Contracts", "Actors.", "Dapper", "YamlDotNet");

    [Fact]
    public void Verification_Loads_NoHostAndNoDatabaseDriver() =>
        AssertLoadsNothingOf("Actors.Verification", "Actors.Grains", "Actors.Silo", "Actors.RunnerApi,", "Microsoft.AspNetCore", "Microsoft.Data.Sqlite", "Dapper", "Npgsql");

    [Fact]
    public void Access_Loads_NoHostAndNoGrains() => AssertLoadsNothingOf("Actors.Access", "Actors.Grains", "Actors.Silo", "Actors.RunnerApi,", "Microsoft.AspNetCore", "ModelContextProtocol");

    [Fact]
    public void Cli_Loads_NoGrainsAndNoRunner() => AssertLoadsNothingOf("actors", "Actors.Grains,", "Actors.Silo", "Actors.RunnerApi,", "Dapper");

    [Fact]
    public void Closure_OfTheSilo_HoldsTheDatabaseDriver() =>
        Assert.Contains(Closure("Actors.Silo"), n => n.StartsWith("Microsoft.Data.Sqlite", StringComparison.Ordinal));

    private static void AssertLoadsNothingOf(string assembly, params string[] forbidden)
    {
        var loaded = Closure(assembly);
        var found = loaded.Where(n => Array.Exists(forbidden, f => n.StartsWith(f, StringComparison.Ordinal))).ToList();
        Assert.True(found.Count == 0, $"{assembly} must not reach: {string.Join("; ", found)}");
    }

    /// <summary>Full names of everything that the assembly references, directly or not.</summary>
    private static HashSet<string> Closure(string assembly)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<Assembly>([Assembly.Load(assembly)]);
        while (open.TryDequeue(out var current))
        {
            foreach (var reference in current.GetReferencedAssemblies().Where(r => seen.Add(r.FullName)))
            {
                if (!reference.Name!.StartsWith("System", StringComparison.Ordinal))
                {
                    open.Enqueue(Assembly.Load(reference));
                }
            }
        }

        return seen;
    }
}
