using System.CommandLine;
using Actors.Cli;
using Actors.Cli.Commands;

Terminal.Configure();
var root = new RootCommand("Actors runs workflows over untrusted MCP servers, each in a verified, sandboxed container.")
{
    WorkflowsCommand.Create(),
    RunCommand.Create(),
    GetCommand.Create(),
    ListCommand.Create(),
    DecisionCommand.Approve(),
    DecisionCommand.Reject(),
    SignalCommand.Create(),
    CancelCommand.Create(),
    TraceCommand.Create(),
    VerifyBundleCommand.Create(),
    PolicyCommand.Create(),
    AccessCommand.Create(),
    TokenCommand.Create(),
    McpCommand.Create(),
    DoctorCommand.Create(),
};
try
{
    var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
    return VerifyBundleCommand.ExitCode(parsed, PolicyCommand.ExitCode(parsed, await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false })));
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
