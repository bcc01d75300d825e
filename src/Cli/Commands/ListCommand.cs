using System.CommandLine;
using System.Text.Json;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Commands;

/// <summary><c>actors list</c>.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        var status = new Option<string?>("--status") { Description = "Only runs in this status." }.AcceptOnlyFromAmong([.. Enum.GetValues<RunStatus>().Select(Words.Of)]);
        var workflow = new Option<string?>("--workflow") { Description = "Only runs of this workflow." };
        var limit = new Option<int>("--limit") { Description = "Most runs of a page, up to 100.", DefaultValueFactory = _ => 20 };
        var cursor = new Option<string?>("--cursor") { Description = "Go on behind the page that printed it." };
        var json = CommonOptions.Json();
        var silo = new SiloConnection();
        var command = new Command("list", "List runs, the newest first.") { status, workflow, limit, cursor, json, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var request = new { status = parsed.GetValue(status), workflow_id = parsed.GetValue(workflow), limit = parsed.GetValue(limit), cursor = parsed.GetValue(cursor) };
            var page = await client.CallAsync<RunListPage>("list_runs", request, null, cancellationToken);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(page, ActorsJson.Options));
                return ExitCodes.Ok;
            }

            foreach (var run in page.Runs)
            {
                RunPrinter.Print(run);
            }

            if (page.NextCursor is { } next)
            {
                Console.WriteLine($"more: --cursor {Terminal.Safe(next)}");
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
