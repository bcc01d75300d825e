using System.CommandLine;
using Actors.Cli;
using Actors.Cli.Commands;

Terminal.Configure();
var policy = PolicyCommand.Create();
var root = new RootCommand("Actors runs workflows over untrusted MCP servers, each in a verified, sandboxed container.")
{
    WorkflowsCommand.Create(),
    RunCommand.Create(),
    GetCommand.Create(),
    CancelCommand.Create(),
    TraceCommand.Create(),
    policy,
};
try
{
    var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    var code = await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });

    // 1 is a verdict of these commands, so wrong use is told apart.
    return parsed.Errors.Count > 0 && policy.Subcommands.Append(policy).Contains(parsed.CommandResult.Command) ? PolicyExitCodes.Usage : code;
}
catch (CommandException e)
{
    await Console.Error.WriteLineAsync($"actors: {string.Join('\n', e.Message.Split('\n').Select(Terminal.Safe))}");
    return ExitCodes.Error;
}
catch (OperationCanceledException)
{
    return ExitCodes.Interrupted;
}
