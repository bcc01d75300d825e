using System.Text.Json.Nodes;
using Actors.Verification.Sigstore;
using Actors.Verification.Tests.Signer;

namespace Actors.Verification.Tools;

/// <summary>Writes the signer's fixtures with this program's verdicts, for another verifier to judge.</summary>
internal static class FixtureExport
{
    public static int Run(string directory)
    {
        Directory.CreateDirectory(directory);
        var number = 0;
        foreach (var (name, make) in Formats.All)
        {
            Write(directory, number++, name, make(), demand: null, artifact: null);
        }

        foreach (var deviation in Deviations.All.Values)
        {
            Write(directory, number++, deviation.Name, deviation.Recipe(), deviation.Demand, deviation.Artifact);
        }

        Console.WriteLine($"{number} fixtures");
        return 0;
    }

    private static void Write(string directory, int number, string name, Recipe recipe, Func<BundleDemands, BundleDemands>? demand, byte[]? artifact)
    {
        var fixture = recipe.Build();
        var json = new JsonObject
        {
            ["name"] = name,
            ["keyless"] = recipe.Keyless,
            ["log"] = recipe.Rekor > 0,
            ["identity"] = Recipe.Identity,
            ["issuer"] = Recipe.Issuer,
            ["key"] = fixture.Key.Pem,
            ["artifact"] = Convert.ToBase64String(artifact ?? fixture.Artifact),
            ["bundle"] = JsonNode.Parse(fixture.Bundle),
            ["root"] = JsonNode.Parse(fixture.Root),
            ["verdict"] = Verdict(recipe, fixture, demand, artifact),
        };
        File.WriteAllText(Path.Combine(directory, $"{number:D4}.json"), json.ToJsonString());
    }

    private static string Verdict(Recipe recipe, Fixture fixture, Func<BundleDemands, BundleDemands>? demand, byte[]? artifact)
    {
        try
        {
            var demands = Demands.For(recipe, fixture);
            BundleVerifier.Verify(SigstoreBundle.Parse(fixture.Bundle), ArtifactDigest.OfBytes(artifact ?? fixture.Artifact), demand?.Invoke(demands) ?? demands);
            return "verified";
        }
        catch (VerificationException e)
        {
            return $"{e.StageName}/{e.Code}";
        }
    }
}
