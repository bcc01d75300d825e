using System.CommandLine;
using Actors.Access.Tokens;

namespace Actors.Cli.Commands;

/// <summary><c>actors token</c>: makes a static token, and the line that lets it in.</summary>
internal static class TokenCommand
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static Command Create()
    {
        var subject = new Argument<string>("subject") { Description = "Whose token it is." };
        var groups = new Option<string[]>("--group") { Description = "A group of the subject; may be given several times." };
        var file = new Option<string>("--out") { Description = "A new file for the token, readable by you alone.", Required = true };
        var command = new Command("token", "Make a token for a subject: the token goes into a file, and the line for the silo's CallerTokensFile, which holds its hash, is printed.") { subject, groups, file };
        command.SetAction(parsed => Make(parsed.GetValue(subject)!, parsed.GetValue(groups) ?? [], parsed.GetValue(file)!));
        return command;
    }

    private static int Make(string subject, string[] groups, string file)
    {
        foreach (var (what, name) in groups.Select(g => ("group", g)).Prepend(("subject", subject)))
        {
            if (StaticToken.NameFault(name) is { } fault)
            {
                throw new CommandException($"The {what} '{name}' {fault}.");
            }
        }

        var token = StaticToken.New();
        try
        {
            // Never over another file, and never readable by others, not even for a moment.
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            using var stream = new FileStream(file, options);
            using var writer = new StreamWriter(stream);
            writer.WriteLine(token);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--out: {e.Message}");
        }

        Console.WriteLine(StaticToken.Line(subject, groups, token));
        return ExitCodes.Ok;
    }
}
