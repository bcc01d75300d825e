using System.CommandLine;
using System.Text.Json;
using Actors.Cli.Trace;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Commands;

/// <summary><c>actors trace</c>.</summary>
internal static class TraceCommand
{
    public static Command Create()
    {
        var id = CommonOptions.RunId();
        var json = CommonOptions.Json();
        var silo = new SiloConnection();
        var head = new Option<string?>("--head") { Description = "A trace_head kept from earlier: fail unless the trace still holds it." };
        var command = new Command("trace", "Print a run's trace and verify its hash chain. Exit code 2: it does not hold.") { id, json, head, silo.Url, silo.TokenFile };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            await using var client = await silo.ConnectAsync(parsed, cancellationToken);
            var trace = await TraceReader.ReadAsync(client, parsed.GetValue(id)!, cancellationToken);
            var fault = TraceChain.Verify(trace);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(trace, ActorsJson.Options));
            }
            else
            {
                TracePrinter.Print(trace, fault);
            }

            if (fault is null && parsed.GetValue(head) is { } kept && !trace.Entries.Any(e => e.Hash == kept))
            {
                fault = $"no entry has the hash {kept}: the trace was rewritten since";
            }

            if (fault is not null)
            {
                await Console.Error.WriteLineAsync($"actors: the trace of {trace.RunId} does not verify: {fault}");
                return ExitCodes.NotSucceeded;
            }

            return ExitCodes.Ok;
        });
        return command;
    }
}
