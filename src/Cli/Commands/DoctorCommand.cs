using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Actors.RunnerApi.Contracts;
using Actors.RunnerApi.Contracts.Configuration;

namespace Actors.Cli.Commands;

/// <summary><c>actors doctor</c>: has the runner prove that its sandboxes isolate, and prints what it saw.</summary>
internal static class DoctorCommand
{
    private const int LargestReport = 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static Command Create()
    {
        var runner = CommonOptions.Url("--runner", "The runner.", "ACTORS__SILO__RUNNERURL", "http://127.0.0.1:7431");
        var token = new Option<string>("--token-file") { Description = "File with the runner's token. The environment variable ACTORS__SILO__RUNNERTOKENFILE sets a default.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("ACTORS__SILO__RUNNERTOKENFILE") ?? "" };
        var known = new Option<bool>("--known") { Description = "Print what was proven last instead of proving anew." };
        var json = CommonOptions.Json();
        var command = new Command("doctor", "Prove that sandboxes isolate: runtime, identity, egress. Exit code 0: every kind is proven, 2: one is not, or nothing can be proven.") { runner, token, known, json };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var report = await AskAsync(parsed.GetValue(runner)!, parsed.GetValue(token)!, !parsed.GetValue(known), cancellationToken);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, ContractJson.Options));
            }
            else
            {
                Print(report);
            }

            return report.Proofs.Count > 0 && report.Proofs.All(p => p.Proven && p.NotRenewed is null) ? ExitCodes.Ok : ExitCodes.NotSucceeded;
        });
        return command;
    }

    private static async Task<IsolationReport> AskAsync(Uri runner, string tokenFile, bool renew, CancellationToken cancellationToken)
    {
        if (tokenFile.Length == 0)
        {
            throw new CommandException("--token-file: name the file with the runner's token.");
        }

        var token = TokenFile.Read(tokenFile, out var fault) ?? throw new CommandException($"--token-file: {fault}");
        using var client = new HttpClient { Timeout = Patience, MaxResponseContentBufferSize = LargestReport };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await client.GetAsync(new Uri(runner, renew ? "/isolation?renew=true" : "/isolation"), cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.IsSuccessStatusCode
                ? JsonSerializer.Deserialize<IsolationReport>(body, ContractJson.Options) ?? throw new JsonException()
                : throw new CommandException($"The runner at {runner} answered {(int)response.StatusCode}: {body}");
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"The runner at {runner} cannot be reached: {e.Message}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandException($"The runner at {runner} did not finish within {Patience.TotalMinutes} minutes.");
        }
        catch (JsonException)
        {
            throw new CommandException($"The runner at {runner} answered in a form that is not understood.");
        }
    }

    private static void Print(IsolationReport report)
    {
        Console.WriteLine($"driver {Terminal.Safe(report.Driver)}; a launch {(report.Enforced ? "needs a proof" : "needs no proof")}");
        if (report.Proofs.Count == 0)
        {
            Console.WriteLine("nothing can be proven: set ACTORS__RUNNER__ISOLATION__PROBEIMAGE to an image by digest (eng/probe-image.sh makes one)");
        }

        foreach (var proof in report.Proofs)
        {
            var place = proof.Nodes.Length > 0 ? $" on {Terminal.Safe(proof.Nodes)}" : "";
            Console.WriteLine();
            Console.WriteLine($"{Terminal.Safe(proof.Runtime)}{place} (profiles {Terminal.Safe(string.Join(", ", proof.Profiles))}): {(proof.Proven ? "PROVEN" : "NOT PROVEN, nothing is launched")}  {Terminal.Safe(proof.Id)}");
            if (proof.NotRenewed is { } why)
            {
                Console.WriteLine($"  ✘ this is what was seen at {proof.CheckedAt:u}; it could not be proven anew: {Terminal.Safe(why)}");
            }

            foreach (var check in proof.Checks)
            {
                Console.WriteLine($"  {(check.Passed ? "✔" : "✘")} {Terminal.Safe(check.Name),-20} {Terminal.Safe(check.Detail)}");
            }
        }
    }
}
