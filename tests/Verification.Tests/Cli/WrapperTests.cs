using System.Diagnostics;

namespace Actors.Verification.Tests.Cli;

/// <summary>The script <c>./actors</c> over a <c>dotnet</c> that notes what is asked of it.</summary>
[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class WrapperTests : IDisposable
{
    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("actors-wrapper-");

    public WrapperTests()
    {
        File.Copy(Repository.PathOf("actors"), At("actors"));
        Write("src/Cli/Cli.csproj", "");
        Write("src/Grains/Run.cs", "");
        Write("Directory.Build.props", "");
        Write("Directory.Packages.props", "");
        Write("global.json", "");
        Write("bin/dotnet", $"""
            #!/bin/sh
            if [ "$1" != build ]; then
              echo "ran $*"
              exit 3
            fi
            echo built >>"{At("builds")}"
            [ ! -e "{At("broken")}" ] || exit 1
            mkdir -p "{At("src/Cli/bin/Release/net10.0")}"
            echo program >"{Program}"
            """);
        File.SetUnixFileMode(At("actors"), Executable);
        File.SetUnixFileMode(At("bin/dotnet"), Executable);
    }

    private string Program => At("src/Cli/bin/Release/net10.0/actors.dll");

    private int Builds => File.Exists(At("builds")) ? File.ReadAllLines(At("builds")).Length : 0;

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public async Task FirstUse_ManyAtOnce_BuildOnce()
    {
        var starts = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => StartAsync("a", "b c")));

        Assert.All(starts, s => Assert.Equal((3, $"ran {Program} a b c\n", ""), s));
        Assert.Equal(1, Builds);
    }

    [Theory]
    [InlineData("src/Grains/Run.cs", 2)]
    [InlineData("Directory.Packages.props", 2)]
    [InlineData("src/Grains/obj/Run.cs", 1)]
    [InlineData("src/Cli/bin/Run.cs", 1)]
    public async Task Start_FileThatIsNewerThanTheLastBuild_BuildsWhenItIsASource(string file, int builds)
    {
        await StartAsync();
        Write(file, "changed");
        File.SetLastWriteTimeUtc(At(file), File.GetLastWriteTimeUtc(Program).AddMinutes(1));
        Assert.Equal(3, (await StartAsync()).Code);
        Assert.Equal(builds, Builds);
    }

    [Fact]
    public async Task Start_NothingChanged_BuildsNothing()
    {
        foreach (var source in _root.GetFiles("*", SearchOption.AllDirectories))
        {
            source.LastWriteTimeUtc = source.LastWriteTimeUtc.AddMinutes(-1);
        }

        await StartAsync();
        await StartAsync();

        Assert.Equal(1, Builds);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Start_BuildFails_RunsNothing(bool anOldProgram)
    {
        if (anOldProgram)
        {
            Write("src/Cli/bin/Release/net10.0/actors.dll", "old");
            File.SetLastWriteTimeUtc(Program, File.GetLastWriteTimeUtc(At("global.json")).AddMinutes(-1));
        }

        Write("broken", "");

        var (code, output, error) = await StartAsync();

        Assert.Equal((70, ""), (code, output));
        Assert.Contains("could not be built", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ProgramWithoutSources_RunsIt()
    {
        Directory.Delete(At("src"), recursive: true);
        Write("src/Cli/bin/Release/net10.0/actors.dll", "published");

        Assert.Equal(3, (await StartAsync()).Code);
        Assert.Equal(0, Builds);
    }

    private string At(string path) => Path.Combine(_root.FullName, path);

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    private async Task<(int Code, string Output, string Error)> StartAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(At("actors"), arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PATH"] = $"{At("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
