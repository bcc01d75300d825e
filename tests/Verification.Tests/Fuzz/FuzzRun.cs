using Actors.Verification.Oci;
using Actors.Verification.Policy;
using Actors.Verification.Sigstore;
using Xunit;

namespace Actors.Verification.Tests.Fuzz;

/// <summary>Feeds a parser with damaged inputs: each is read or refused by one of the product's own exceptions, in bounded time.</summary>
internal static class FuzzRun
{
    // No input is near it; one that takes longer does not end on a slow machine either.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private static readonly int s_factor = int.TryParse(Environment.GetEnvironmentVariable("ACTORS_FUZZ_FACTOR"), System.Globalization.CultureInfo.InvariantCulture, out var factor) && factor > 0 ? factor : 1;

    /// <summary>How many inputs: so many, or a multiple for a longer search (<c>ACTORS_FUZZ_FACTOR</c>).</summary>
    public static int Rounds(int few) => few * s_factor;

    /// <param name="few">How many inputs; see <see cref="Rounds"/>.</param>
    /// <param name="feed">Makes an input by the mutator and reads it; gives what a failure should show.</param>
    public static void Of(int few, Func<Mutator, Attempt> feed)
    {
        var refused = 0;
        var rounds = Rounds(few);
        for (var seed = 0; seed < rounds; seed++)
        {
            var attempt = feed(new Mutator(seed));
            var start = TimeProvider.System.GetTimestamp();
            try
            {
                attempt.Read();
            }
            catch (Exception e) when (e is VerificationException or RegistryException or PolicySyntaxException or PolicyException)
            {
                refused++;
                Assert.False(string.IsNullOrWhiteSpace(e.Message));
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e}\ninput (base64): {Convert.ToBase64String(attempt.Input)}");
            }

            var took = TimeProvider.System.GetElapsedTime(start);
            Assert.True(took < Patience, $"seed {seed}: took {took}");
        }

        // A mutator that changes nothing, or a parser that reads anything, would prove nothing.
        Assert.InRange(refused, rounds / 10, rounds);
    }
}

/// <summary>One input.</summary>
/// <param name="Input">As bytes, to be shown when it fails.</param>
/// <param name="Read">Reads it; throws what the product throws.</param>
internal sealed record Attempt(byte[] Input, Action Read);
