namespace Actors.Chaos;

/// <summary>Derives seeds: the same in every process, unlike <see cref="HashCode"/>.</summary>
internal static class Seeds
{
    public static int Mix(int seed, int number) => unchecked((seed * 1_000_003) ^ (number * 31_337));
}
