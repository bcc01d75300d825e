using System.CommandLine;
using Actors.Cli.Trace;
using Actors.Grains.Interfaces;
using ModelContextProtocol;

namespace Actors.Cli.Commands;

/// <summary><c>actors run</c>.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var workflow = new Argument<string>("workflow") { Description = "An id from 'actors workflows'." };
        var parameters = new Option<string>("--params") { Description = "A JSON object, or @FILE to read one.", DefaultValueFactory = _ => "{}" };
        var key = new Option<string?>("--idempotency-key") { Description = "Repeating the command with the same key returns the same run." };
        var trace = new Option<bool>("--trace") { Description = "Print the trace at the end." };
        var json = CommonOptions.Json();
        var silo = new SiloConnection();
        var command = new Command("run", "Run a workflow and wait for its end; interrupted, it cancels the run. Exit code 0: succeeded, 2: ended otherwise.") { workflow, parameters, key, trace, json, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var request = new { workflow_id = parsed.GetValue(workflow), @params = JsonArgument.Read("--params", parsed.GetValue(parameters)!), idempotency_key = parsed.GetValue(key) };
            var run = await RunAsync(client, request, cancellationToken);
            RunPrinter.Print(run, parsed.GetValue(json));
            if (parsed.GetValue(trace))
            {
                var read = await TraceReader.ReadAsync(client, run.RunId, cancellationToken);
                TracePrinter.Print(read, TraceChain.Verify(read));
            }

            return run.Outcome == RunOutcome.Succeeded ? ExitCodes.Ok : ExitCodes.NotSucceeded;
        });
        return command;
    }

    private static async Task<RunView> RunAsync(ActorsClient client, object request, CancellationToken cancellationToken)
    {
        var run = await client.CallAsync<RunView>("run_workflow", request, new ProgressLine(), cancellationToken);
        try
        {
            while (run.Status != RunStatus.Done)
            {
                run = await client.CallAsync<RunView>("wait_run", new { run_id = run.RunId }, new ProgressLine(), cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // As an interrupted run_workflow does by itself.
            await client.CallAsync<RunView>("cancel_run", new { run_id = run.RunId, reason = "interrupted" }, null, CancellationToken.None);
            throw;
        }

        return run;
    }

    /// <summary>One line per message, on stderr, so that stdout holds the result alone.</summary>
    private sealed class ProgressLine : IProgress<ProgressNotificationValue>
    {
        private readonly Lock _gate = new();
        private double _last;

        // Notifications are handled side by side: one that was overtaken is old news.
        public void Report(ProgressNotificationValue value)
        {
            lock (_gate)
            {
                if (value.Progress > _last)
                {
                    _last = value.Progress;
                    Console.Error.WriteLine($"… {Terminal.Safe(value.Message ?? "")}");
                }
            }
        }
    }
}
