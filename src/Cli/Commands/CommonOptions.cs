using System.CommandLine;
using System.CommandLine.Parsing;

namespace Actors.Cli.Commands;

/// <summary>Options and arguments that several commands take.</summary>
internal static class CommonOptions
{
    private const string DefaultUrl = "http://127.0.0.1:7430/mcp";

    public static Option<Uri> Url() => Url("--url", "The silo's MCP endpoint.", "ACTORS_URL", DefaultUrl);

    public static Option<Uri> Url(string name, string what, string variable, string otherwise) => new(name)
    {
        Description = $"{what} The environment variable {variable} sets another default.",
        DefaultValueFactory = result => Parse(Environment.GetEnvironmentVariable(variable) is { Length: > 0 } url ? url : otherwise, variable, result)!,
        CustomParser = result => Parse(result.Tokens[0].Value, name, result)!,
    };

    private static Uri? Parse(string text, string name, ArgumentResult result)
    {
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps))
        {
            return url;
        }

        result.AddError($"{name}: '{text}' is no http:// or https:// URL, such as {DefaultUrl}.");
        return null;
    }

    public static Option<bool> Json() => new("--json") { Description = "Print JSON." };

    public static Argument<string> RunId() => new("run-id") { Description = "The id that 'actors run' printed." };
}
