namespace Actors.Verification.Tests;

/// <summary>The folder from which the tests were built.</summary>
internal static class Repository
{
    /// <summary>A path inside it.</summary>
    public static string PathOf(params ReadOnlySpan<string> parts)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Actors.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("Actors.sln is in no parent folder of the tests");
        }

        return Path.Combine([root.FullName, .. parts]);
    }
}
