using System.CommandLine;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Spectre.Console;

namespace Actors.Cli.Commands;

/// <summary><c>actors workflows</c>.</summary>
internal static class WorkflowsCommand
{
    public static Command Create()
    {
        var silo = new SiloConnection();
        var json = CommonOptions.Json();
        var command = new Command("workflows", "List what can be run.") { silo.Url, silo.TokenFile, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var list = await client.CallAsync<WorkflowList>("list_workflows", new { }, null, cancellationToken);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(list, ActorsJson.Options));
                return ExitCodes.Ok;
            }

            foreach (var workflow in list.Workflows)
            {
                AnsiConsole.MarkupLineInterpolated($"[bold]{workflow.Id}[/] {workflow.Version}  {workflow.Description}");
                AnsiConsole.MarkupLineInterpolated($"  [grey]params {workflow.Params.GetRawText()}[/]");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private sealed record WorkflowList(IReadOnlyList<WorkflowView> Workflows);
}
