using System.CommandLine;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Commands;

/// <summary><c>actors approve</c> and <c>actors reject</c>.</summary>
internal static class DecisionCommand
{
    public static Command Approve() => Create("approve", "Let a run go on behind an approval that it waits for.");

    public static Command Reject() => Create("reject", "End a run at an approval that it waits for.");

    private static Command Create(string decision, string description)
    {
        var id = CommonOptions.RunId();
        var step = new Argument<string>("step") { Description = "The step that waits; 'actors get' names it." };
        var note = new Option<string?>("--note") { Description = "Why; kept in the trace." };
        var json = CommonOptions.Json();
        var silo = new SiloConnection();
        var command = new Command(decision, description + " Exit code 0: succeeded, 2: ended otherwise, 3: not done.") { id, step, note, json, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var request = new { run_id = parsed.GetValue(id), step = parsed.GetValue(step), decision, note = parsed.GetValue(note) };
            var run = await client.CallAsync<RunView>("approve_run", request, null, cancellationToken);
            RunPrinter.Print(run, parsed.GetValue(json));
            return ExitCodes.Of(run);
        });
        return command;
    }
}
