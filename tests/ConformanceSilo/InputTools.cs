using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>Tools that need input and let the client call again with it: since 2026-07-28.</summary>
internal static class InputTools
{
    private const string Prefix = "test_input_required_result_";

    // Of the fixtures alone; two silos of one test must agree.
    private static readonly byte[] StateKey = SHA256.HashData("conformance fixtures"u8);

    public static IEnumerable<McpServerTool> All() =>
    [
        Tool("elicitation", request => Answer(request, "user_name") is { } name && Content(name, "name") is { } text ? Fixture.Text($"Hello, {text}!") : Ask(("user_name", Elicit("What is your name?", "name", "string")))),
        Tool("sampling", request => Answer(request, "capital_question") is { } said ? Fixture.Text(said["content"]?["text"]?.ToString() ?? "") : Ask(("capital_question", Sample("What is the capital of France?", 100)))),
        Tool("list_roots", request => Answer(request, "client_roots") is { } roots ? Fixture.Text($"Roots: {roots["roots"]?.ToJsonString()}") : Ask(("client_roots", Roots()))),
        Tool("request_state", request => Answer(request, "confirm") is not null && State(request) == "asked"
            ? Fixture.Text("state-ok")
            : Ask("asked", ("confirm", Elicit("Please confirm", "ok", "boolean")))),
        Tool("multiple_inputs", request => Answer(request, "user_name") is not null && Answer(request, "greeting") is not null && Answer(request, "client_roots") is not null && State(request) == "many"
            ? Fixture.Text("All there.")
            : Ask("many", ("user_name", Elicit("What is your name?", "name", "string")), ("greeting", Sample("Generate a greeting", 50)), ("client_roots", Roots()))),
        Tool("multi_round", request => State(request) switch
        {
            "step2" when Answer(request, "step2") is not null => Fixture.Text("Both steps done."),
            "step1" when Answer(request, "step1") is not null => Ask("step2", ("step2", Elicit("Step 2: What is your favorite color?", "color", "string"))),
            _ => Ask("step1", ("step1", Elicit("Step 1: What is your name?", "name", "string"))),
        }),
        Tool("tampered_state", request => State(request) is not null ? Fixture.Text("state-ok") : Ask("asked", ("confirm", Elicit("Please confirm", "ok", "boolean")))),
        Tool("capabilities", request => request.Params.InputResponses is { Count: > 0 } ? Fixture.Text("ok") : Ask(Offered(request))),
        new FixtureTool("test_streaming_elicitation", FixtureTool.NoArguments, StreamAsync),
    ];

    /// <summary>The client's answer to one of the requests, or null.</summary>
    public static JsonNode? Answer<T>(RequestContext<T> request, string key)
        where T : RequestParams =>
        request.Params.InputResponses?.TryGetValue(key, out var response) == true && response.RawValue.ValueKind == JsonValueKind.Object ? JsonNode.Parse(response.RawValue.GetRawText()) : null;

    /// <summary>A member of an accepted form.</summary>
    public static string? Content(JsonNode answer, string member) => (answer["content"] as JsonObject)?[member]?.ToString();

    public static CallToolResult Ask(params (string Key, InputRequest Request)[] requests) => Ask(null, requests);

    public static InputRequest Elicit(string message, string member, string type) => new()
    {
        Method = RequestMethods.ElicitationCreate,
        Params = JsonElement.Parse($$$"""{"mode":"form","message":"{{{message}}}","requestedSchema":{"type":"object","properties":{"{{{member}}}":{"type":"{{{type}}}"}},"required":["{{{member}}}"]}}"""),
    };

    private static CallToolResult Ask(string? state, params (string Key, InputRequest Request)[] requests) =>
        throw new InputRequiredException(requests.ToDictionary(r => r.Key, r => r.Request, StringComparer.Ordinal), state is null ? null : Sign(state));

    private static FixtureTool Tool(string name, Func<RequestContext<CallToolRequestParams>, CallToolResult> answer) =>
        new(Prefix + name, FixtureTool.NoArguments, (request, _) => Task.FromResult(answer(request)));

    private static InputRequest Sample(string text, int tokens) => new()
    {
        Method = RequestMethods.SamplingCreateMessage,
        Params = JsonElement.Parse($$$"""{"messages":[{"role":"user","content":{"type":"text","text":"{{{text}}}"}}],"maxTokens":{{{tokens}}}}"""),
    };

    private static InputRequest Roots() => new() { Method = RequestMethods.RootsList, Params = JsonElement.Parse("{}") };

    // Only what the client said it can do.
    private static (string Key, InputRequest Request)[] Offered(RequestContext<CallToolRequestParams> request)
    {
        var can = request.JsonRpcRequest.Context?.ClientCapabilities;
        (string Key, InputRequest Request)[] all =
        [
            .. can?.Elicitation is null ? [] : ((string, InputRequest)[])[("user_name", Elicit("What is your name?", "name", "string"))],
            .. can?.Sampling is null ? [] : ((string, InputRequest)[])[("greeting", Sample("Generate a greeting", 50))],
            .. can?.Roots is null ? [] : ((string, InputRequest)[])[("client_roots", Roots())],
        ];
        return all.Length > 0 ? all : throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Elicitation = new ElicitationCapability() });
    }

    private static async Task<CallToolResult> StreamAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        if (Answer(request, "user_name") is not null)
        {
            return Fixture.Text("ok");
        }

        if (request.Params.ProgressToken is { } token)
        {
            await request.Server.NotifyProgressAsync(token, new ProgressNotificationValue { Progress = 1 }, cancellationToken: cancellationToken);
        }

        return Ask(("user_name", Elicit("What is your name?", "name", "string")));
    }

    private static string Sign(string state) => $"{state}.{Convert.ToHexStringLower(HMACSHA256.HashData(StateKey, Encoding.UTF8.GetBytes(state)))}";

    private static string? State(RequestContext<CallToolRequestParams> request)
    {
        if (request.Params.RequestState is not { } given)
        {
            return null;
        }

        var state = given.Split('.')[0];
        return Sign(state) == given ? state : throw new McpProtocolException("requestState was tampered with.", McpErrorCode.InvalidParams);
    }
}
