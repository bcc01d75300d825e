using System.CommandLine;
using Actors.RunnerApi.Contracts.Configuration;

namespace Actors.Cli.Commands;

/// <summary>The options by which a command finds its silo and says who calls.</summary>
internal sealed class SiloConnection
{
    private const string TokenVariable = "ACTORS_TOKEN_FILE";

    /// <summary>Where the silo is.</summary>
    public Option<Uri> Url { get; } = CommonOptions.Url();

    /// <summary>File with the token that is sent to it.</summary>
    public Option<string?> TokenFile { get; } = new("--token-file")
    {
        Description = $"File with the bearer token for the silo, readable by you alone. The environment variable {TokenVariable} sets a default.",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } path ? path : null,
    };

    /// <summary>Connects as the parsed options say.</summary>
    /// <exception cref="CommandException">The token cannot be read or must not be sent there, or no silo answers.</exception>
    public Task<ActorsClient> ConnectAsync(ParseResult parsed, CancellationToken cancellationToken) =>
        ActorsClient.ConnectAsync(parsed.GetValue(Url)!, ReadToken(parsed), cancellationToken);

    /// <summary>The token to send; null for none.</summary>
    /// <exception cref="CommandException">It cannot be read, or must not be sent there.</exception>
    public string? ReadToken(ParseResult parsed)
    {
        var url = parsed.GetValue(Url)!;
        if (parsed.GetValue(TokenFile) is not { } path)
        {
            return null;
        }

        if (url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback)
        {
            throw new CommandException($"{url} is not https://: the token would travel in the clear. Use https, or leave --token-file and {TokenVariable} out.");
        }

        var token = Actors.RunnerApi.Contracts.Configuration.TokenFile.Read(path, out var fault) ?? throw new CommandException($"--token-file: {fault}");
        return token.Any(c => c is < '!' or > '~') ? throw new CommandException($"--token-file: '{path}' must hold the token alone, on one line.") : token;
    }
}
