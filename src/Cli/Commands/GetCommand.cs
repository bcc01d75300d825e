using System.CommandLine;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Commands;

/// <summary><c>actors get</c>.</summary>
internal static class GetCommand
{
    public static Command Create() => RunViewCommand.Create("get", "Print a run's status.", "get_run");
}

/// <summary><c>actors cancel</c>.</summary>
internal static class CancelCommand
{
    public static Command Create() => RunViewCommand.Create("cancel", "Ask a run to stop.", "cancel_run");
}

/// <summary>A command that calls a tool with a run id and prints the run it answers with.</summary>
internal static class RunViewCommand
{
    public static Command Create(string name, string description, string tool)
    {
        var id = CommonOptions.RunId();
        var json = CommonOptions.Json();
        var silo = new SiloConnection();
        var command = new Command(name, description + " Exit code 0: succeeded, 2: ended otherwise, 3: not done.") { id, json, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var run = await client.CallAsync<RunView>(tool, new { run_id = parsed.GetValue(id) }, null, cancellationToken);
            RunPrinter.Print(run, parsed.GetValue(json));
            return ExitCodes.Of(run);
        });
        return command;
    }
}
