using System.CommandLine;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Commands;

/// <summary><c>actors signal</c>.</summary>
internal static class SignalCommand
{
    public static Command Create()
    {
        var id = CommonOptions.RunId();
        var name = new Argument<string>("name") { Description = "The signal; 'actors get' names the one that is waited for." };
        var payload = new Option<string>("--payload") { Description = "JSON, or @FILE to read it.", DefaultValueFactory = _ => "{}" };
        var json = CommonOptions.Json();
        var silo = new SiloConnection();
        var command = new Command("signal", "Send a signal to a run. Exit code 0: succeeded, 2: ended otherwise, 3: not done.") { id, name, payload, json, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var request = new { run_id = parsed.GetValue(id), name = parsed.GetValue(name), payload = JsonArgument.Read("--payload", parsed.GetValue(payload)!) };
            var run = await client.CallAsync<RunView>("signal_run", request, null, cancellationToken);
            RunPrinter.Print(run, parsed.GetValue(json));
            return ExitCodes.Of(run);
        });
        return command;
    }
}
