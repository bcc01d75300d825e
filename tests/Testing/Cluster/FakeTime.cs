namespace Actors.Testing.Cluster;

/// <summary>libfaketime, which moves the wall clock of one process.</summary>
public static class FakeTime
{
    private const string Root = "/usr/lib";

    /// <summary>The library's file; null when it is not installed.</summary>
    public static string? Library { get; } = Directory.GetDirectories(Root, "*-linux-gnu").Select(d => Path.Combine(d, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists);
}
