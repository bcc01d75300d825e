using Actors.Chaos.Faults;

namespace Actors.Chaos;

/// <summary>A small file system in memory that can be filled to its last byte.</summary>
internal sealed class Volume(string path) : IAsyncDisposable
{
    public string Path { get; } = path;

    /// <summary>Null when this user must not mount.</summary>
    public static async Task<Volume?> MountAsync(string size)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        var path = Directory.CreateTempSubdirectory("actors-volume-").FullName;
        return await ChaosWorld.RunAsync("mount", "-t", "tmpfs", "-o", $"size={size},mode=0755", "tmpfs", path) ? new Volume(path) : null;
    }

    public async ValueTask DisposeAsync()
    {
        await ChaosWorld.RunAsync("umount", "-l", Path);
        Directory.Delete(Path);
    }
}
