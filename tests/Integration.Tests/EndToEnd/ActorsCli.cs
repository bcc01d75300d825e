using System.Diagnostics;

namespace Actors.Integration.Tests.EndToEnd;

/// <summary>The command line as a process.</summary>
internal static class ActorsCli
{
    /// <summary>Runs the command line against the deployment.</summary>
    public static async Task<(int Code, string Output, string Error)> RunAsync(Deployment deployment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(ActorsProcess.PathOf("Cli"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["ACTORS_URL"] = deployment.McpUrl.ToString();
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
