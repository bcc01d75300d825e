using System.CommandLine;

namespace Actors.Cli.Commands;

/// <summary>Options and arguments that several commands take.</summary>
internal static class CommonOptions
{
    private const string DefaultUrl = "http://127.0.0.1:7430/mcp";

    public static Option<Uri> Url() => new("--url")
    {
        Description = "The silo's MCP endpoint. The environment variable ACTORS_URL sets another default.",
        DefaultValueFactory = _ => new Uri(Environment.GetEnvironmentVariable("ACTORS_URL") is { Length: > 0 } url ? url : DefaultUrl),
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    public static Argument<string> RunId() => new("run-id") { Description = "The id that 'actors run' printed." };
}
