using System.CommandLine;
using System.Text.Json;
using Actors.Access;
using Actors.Access.Rules;
using Actors.Grains.Interfaces;

namespace Actors.Cli.Commands;

/// <summary><c>actors access</c>: what access rules allow, and whether they can be used. Needs no silo.</summary>
internal static class AccessCommand
{
    private const string DefaultFile = "access.yaml";

    private static readonly (string Name, Func<CallerRights, string, bool, bool> May)[] Actions =
    [
        ("run", (rights, workflow, _) => rights.MayRun(workflow)),
        ("read", (rights, workflow, own) => rights.MayRead(workflow, own)),
        ("approve", (rights, workflow, own) => rights.May(Verb.Approve, workflow, own)),
        ("cancel", (rights, workflow, own) => rights.May(Verb.Cancel, workflow, own)),
    ];

    public static Command Create() => new("access", "Try and check access rules. Exit code 0: allowed or without fault, 1: not allowed or with faults.")
    {
        CreateCheck(),
        CreateLint(),
        CreateSchema(),
    };

    private static Command CreateCheck()
    {
        var subject = new Argument<string>("subject") { Description = "A static token's subject, or ISSUER|SUB of a JWT." };
        var groups = new Option<string[]>("--group") { Description = "A group of the caller; may be given several times." };
        var scopes = new Option<string[]>("--scope") { Description = "A scope of the caller's token; may be given several times." };
        var workflow = new Option<string>("--workflow") { Description = "The workflow.", Required = true };
        var action = new Option<string?>("--action") { Description = "Decide this alone, by the exit code, for a run of --owner." }.AcceptOnlyFromAmong([.. Actions.Select(a => a.Name)]);
        var owner = new Option<string>("--owner") { Description = "Whose run it is.", DefaultValueFactory = _ => "own" }.AcceptOnlyFromAmong("own", "another");
        var file = File();
        var json = CommonOptions.Json();
        var command = new Command("check", "Print what a caller may do with a workflow and its runs.") { subject, groups, scopes, workflow, action, owner, file, json };
        command.SetAction(parsed =>
        {
            var caller = new Caller(parsed.GetValue(subject)!, Set(parsed.GetValue(groups)), Set(parsed.GetValue(scopes)));
            var rights = Load(parsed.GetValue(file)!).Of(caller);
            var answers = Actions.Select(a => new Answer(a.Name, a.May(rights, parsed.GetValue(workflow)!, true), a.May(rights, parsed.GetValue(workflow)!, false))).ToList();
            var asked = answers.Find(a => a.Action == parsed.GetValue(action));
            Print(asked is null ? answers : [asked], rights, parsed.GetValue(json));
            return asked is null || (parsed.GetValue(owner) == "own" ? asked.Own : asked.Anothers) ? ExitCodes.Ok : ExitCodes.Error;
        });
        return command;
    }

    private static Command CreateLint()
    {
        var file = new Argument<string>("file") { Description = $"The rules' file; {DefaultFile} when not given.", DefaultValueFactory = _ => DefaultFile };
        var command = new Command("lint", "Load access rules, and print every fault.") { file };
        command.SetAction(parsed =>
        {
            var rules = Load(parsed.GetValue(file)!);
            Console.WriteLine($"revision {rules.Revision}: {rules.Grants.Length} grants, {rules.Limits.Length} limits");
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Command CreateSchema()
    {
        var command = new Command("schema", "Print the JSON Schema of access rules, for editors.");
        command.SetAction(_ =>
        {
            Console.Write(AccessSchema.Text);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static Option<string> File() => new("--access") { Description = $"The rules' file; {DefaultFile} when not given.", DefaultValueFactory = _ => DefaultFile };

    private static AccessRules Load(string file)
    {
        var loaded = AccessLoader.Load(file);
        return loaded.Value ?? throw new CommandException($"{loaded.Faults.Count} fault(s):\n{string.Join('\n', loaded.Faults)}");
    }

    private static void Print(IReadOnlyList<Answer> answers, CallerRights rights, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { answers, rights.UnfinishedRuns, rights.RequestsPerMinute }, ActorsJson.Options));
            return;
        }

        Console.WriteLine($"{"",-10}{"own run",-10}another's run");
        foreach (var answer in answers)
        {
            Console.WriteLine($"{answer.Action,-10}{Word(answer.Own),-10}{Word(answer.Anothers)}");
        }

        Console.WriteLine($"limits: {rights.UnfinishedRuns?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the silo's"} unfinished runs, "
            + $"{rights.RequestsPerMinute?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "the silo's"} requests per minute");
    }

    private static string Word(bool allowed) => allowed ? "yes" : "no";

    private static HashSet<string> Set(string[]? values) => new(values ?? [], StringComparer.Ordinal);

    private sealed record Answer(string Action, bool Own, bool Anothers);
}
