using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Actors.Grains.Interfaces;
using Actors.Verification.Policy;

namespace Actors.Cli.Commands;

/// <summary><c>actors policy</c>: what a policy would decide, and whether it can be used. Needs no runner.</summary>
internal static class PolicyCommand
{
    private const string Name = "policy";
    private const string DefaultFile = "policy.yaml";

    public static Command Create() => new(Name, "Try and check a policy. Exit code 0: admitted or without fault, 1: refused or with faults, 2: wrong use, 3: the registry cannot be asked.")
    {
        CreateCheck(),
        CreateLint(),
        CreateSchema(),
    };

    /// <summary>The program's exit code: 1 is a verdict of these commands, so wrong use is told apart.</summary>
    public static int ExitCode(ParseResult parsed, int code)
    {
        var command = parsed.CommandResult;
        var isPolicy = command.Command.Name == Name || (command.Parent as CommandResult)?.Command.Name == Name;
        return isPolicy && parsed.Errors.Count > 0 ? PolicyExitCodes.Usage : code;
    }

    private static Command CreateCheck()
    {
        var image = new Argument<string>("image") { Description = "host/repository:tag or host/repository@sha256:HEX." };
        var file = new Option<string>("--policy") { Description = $"The policy's file; {DefaultFile} when not given.", DefaultValueFactory = _ => DefaultFile };
        var profile = new Option<string>("--profile") { Description = "The profile to decide under.", DefaultValueFactory = _ => "default" };
        var layout = new Option<string?>("--layout") { Description = "Directory of an OCI image layout that is read in place of the registry: nothing is asked over the network." };
        var platform = new Option<string?>("--platform") { Description = "os/architecture that runs; when not given, that of the nodes that the profile selects, else linux on this machine's processor." };
        var auth = new Option<string>("--auth-file") { Description = "Credentials for registries, as Docker's config.json; anonymous when not given.", DefaultValueFactory = _ => "" };
        var timeout = new Option<int>("--timeout") { Description = "Most seconds.", DefaultValueFactory = _ => 20 };
        var json = CommonOptions.Json();
        var command = new Command("check", "Decide one image as the runner would, and print the evidence.") { image, file, profile, layout, platform, auth, timeout, json };
        command.SetAction((parsed, cancellationToken) => PolicyCheck.RunAsync(
            new PolicyCheckRequest(
                parsed.GetValue(image)!,
                parsed.GetValue(file)!,
                parsed.GetValue(profile)!,
                parsed.GetValue(layout),
                parsed.GetValue(platform),
                parsed.GetValue(auth)!,
                parsed.GetValue(timeout),
                parsed.GetValue(json)),
            cancellationToken));
        return command;
    }

    private static Command CreateLint()
    {
        var file = new Argument<string>("file") { Description = $"The policy's file; {DefaultFile} when not given.", DefaultValueFactory = _ => DefaultFile };
        var json = CommonOptions.Json();
        var command = new Command("lint", "Load a policy with all files that it names, and print every fault.") { file, json };
        command.SetAction(parsed => Lint(parsed.GetValue(file)!, parsed.GetValue(json)));
        return command;
    }

    private static Command CreateSchema()
    {
        var command = new Command("schema", "Print the JSON Schema of a policy, for editors.");
        command.SetAction(_ =>
        {
            Console.Write(PolicySchema.Text);
            return ExitCodes.Ok;
        });
        return command;
    }

    private static int Lint(string file, bool json)
    {
        var load = PolicyLoader.Attempt(file);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { revision = load.Policy?.Revision, faults = load.Faults }, ActorsJson.Options));
        }
        else if (load.Policy is { } policy)
        {
            Console.WriteLine(Terminal.Safe($"{file}: no fault. Revision {policy.Revision}, {policy.Rules.Count} rules, {policy.Profiles.Count} profiles, {policy.DeniedDigests.Count} denied digests."));
        }

        PrintFaults(json ? [] : load.Faults);
        return load.Policy is null ? PolicyExitCodes.Refused : ExitCodes.Ok;
    }

    /// <summary>One fault per line, on the error stream.</summary>
    public static void PrintFaults(IReadOnlyList<PolicyFault> faults)
    {
        foreach (var fault in faults)
        {
            Console.Error.WriteLine(Terminal.Safe(fault.ToString()));
        }
    }
}

/// <summary>Exit codes of <c>actors policy</c>, beside 0 for success.</summary>
internal static class PolicyExitCodes
{
    /// <summary>The image is refused, or the policy has faults.</summary>
    public const int Refused = 1;

    /// <summary>Wrong use.</summary>
    public const int Usage = 2;

    /// <summary>The registry could not be reached, took too long, or wants other credentials: nothing is known of the image.</summary>
    public const int Unreachable = 3;
}
