using System.Text.Json.Nodes;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>A prompt that the suite expects.</summary>
internal sealed class FixturePrompt(string name, string[] arguments, Func<RequestContext<GetPromptRequestParams>, IEnumerable<ContentBlock>> answer) : McpServerPrompt
{
    public override Prompt ProtocolPrompt { get; } = new()
    {
        Name = name,
        Description = $"Fixture {name} of the conformance suite.",
        Arguments = [.. arguments.Select(a => new PromptArgument { Name = a, Description = $"Argument {a}", Required = true })],
    };

    public override IReadOnlyList<object> Metadata => [];

    public static IEnumerable<McpServerPrompt> All() =>
    [
        new FixturePrompt("test_simple_prompt", [], _ => [Text("This is a simple prompt for testing.")]),
        new FixturePrompt("test_prompt_with_arguments", ["arg1", "arg2"], r => [Text($"Prompt with arguments: arg1='{Given(r, "arg1")}', arg2='{Given(r, "arg2")}'")]),
        new FixturePrompt("test_prompt_with_embedded_resource", ["resourceUri"], r =>
            [Fixture.Embedded(Given(r, "resourceUri"), "text/plain", "Embedded resource content for testing."), Text("Please process the embedded resource above.")]),
        new FixturePrompt("test_prompt_with_image", [], _ => [ImageContentBlock.FromBytes(Fixture.Png, "image/png"), Text("Please analyze the image above.")]),
        new FixturePrompt("test_input_required_result_prompt", [], r => InputTools.Answer(r, "user_context") is { } answer
            ? [Text($"Use this context: {InputTools.Content(answer, "context")}")]
            : throw new InputRequiredException(new Dictionary<string, InputRequest>(StringComparer.Ordinal) { ["user_context"] = InputTools.Elicit("What context should the prompt use?", "context", "string") })),
    ];

    public override ValueTask<GetPromptResult> GetAsync(RequestContext<GetPromptRequestParams> request, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new GetPromptResult { Messages = [.. answer(request).Select(c => new PromptMessage { Role = Role.User, Content = c })] });

    private static TextContentBlock Text(string text) => new() { Text = text };

    private static string Given(RequestContext<GetPromptRequestParams> request, string name) => request.Params.Arguments?.TryGetValue(name, out var value) == true ? value.ToString() : "";
}

/// <summary>A resource that the suite expects.</summary>
internal sealed class FixtureResource(string template, string type, Func<string, ResourceContents> read) : McpServerResource
{
    private const string Id = "{id}";

    public override ResourceTemplate ProtocolResourceTemplate { get; } = new() { UriTemplate = template, Name = template["test://".Length..], Description = $"Fixture {template} of the conformance suite.", MimeType = type };

    public override IReadOnlyList<object> Metadata => [];

    public static IEnumerable<McpServerResource> All() =>
    [
        new FixtureResource("test://static-text", "text/plain", uri => Text(uri, "text/plain", "This is the content of the static text resource.")),
        new FixtureResource("test://static-binary", "image/png", uri => BlobResourceContents.FromBytes(Fixture.Png, uri, "image/png")),
        new FixtureResource("test://watched-resource", "text/plain", uri => Text(uri, "text/plain", "Watched.")),
        new FixtureResource("test://template/{id}/data", "application/json", uri =>
        {
            var id = uri["test://template/".Length..^"/data".Length];
            return Text(uri, "application/json", new JsonObject { ["id"] = id, ["templateTest"] = true, ["data"] = $"Data for ID: {id}" }.ToJsonString());
        }),
    ];

    public override bool IsMatch(string uri)
    {
        var at = template.IndexOf(Id, StringComparison.Ordinal);
        return at < 0 ? uri == template : uri.StartsWith(template[..at], StringComparison.Ordinal) && uri.EndsWith(template[(at + Id.Length)..], StringComparison.Ordinal);
    }

    public override ValueTask<ReadResourceResult> ReadAsync(RequestContext<ReadResourceRequestParams> request, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(new ReadResourceResult { Contents = [read(request.Params.Uri)] });

    private static TextResourceContents Text(string uri, string type, string text) => new() { Uri = uri, MimeType = type, Text = text };
}
