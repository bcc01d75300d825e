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
            var workflows = await ReadAsync(client, cancellationToken);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(new { workflows }, ActorsJson.Options));
                return ExitCodes.Ok;
            }

            foreach (var workflow in workflows)
            {
                AnsiConsole.MarkupLineInterpolated($"[bold]{workflow.Id}[/] {workflow.Version}  {workflow.Description}");
                AnsiConsole.MarkupLineInterpolated($"  [grey]params {workflow.Params.GetRawText()}[/]");
            }

            return ExitCodes.Ok;
        });
        return command;
    }

    private static async Task<List<WorkflowView>> ReadAsync(ActorsClient client, CancellationToken cancellationToken)
    {
        var workflows = new List<WorkflowView>();
        var page = await client.CallAsync<WorkflowPage>("list_workflows", new { }, null, cancellationToken);
        workflows.AddRange(page.Workflows);
        while (page.NextCursor is { } cursor)
        {
            page = await client.CallAsync<WorkflowPage>("list_workflows", new { cursor }, null, cancellationToken);
            workflows.AddRange(page.Workflows);
        }

        return workflows;
    }

    private sealed record WorkflowPage(IReadOnlyList<WorkflowView> Workflows, string? NextCursor);
}
