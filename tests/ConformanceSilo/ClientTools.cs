using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace Actors.ConformanceSilo;

/// <summary>Tools that ask the client something while they run; for clients with a session.</summary>
internal static class ClientTools
{
    private const string UserSchema =
        """{"type":"object","properties":{"username":{"type":"string","description":"User's response"},"email":{"type":"string","description":"User's email address"}},"required":["username","email"]}""";

    private const string Defaults =
        """
        {"message":"Please check the defaults.","requestedSchema":{"type":"object","properties":{
          "name":{"type":"string","default":"John Doe"},
          "age":{"type":"integer","default":30},
          "score":{"type":"number","default":95.5},
          "status":{"type":"string","enum":["active","inactive","pending"],"default":"active"},
          "verified":{"type":"boolean","default":true}},"required":[]}}
        """;

    private const string Enums =
        """
        {"message":"Please choose.","requestedSchema":{"type":"object","properties":{
          "untitledSingle":{"type":"string","enum":["option1","option2","option3"]},
          "titledSingle":{"type":"string","oneOf":[{"const":"value1","title":"First Option"},{"const":"value2","title":"Second Option"},{"const":"value3","title":"Third Option"}]},
          "legacyEnum":{"type":"string","enum":["opt1","opt2","opt3"],"enumNames":["Option One","Option Two","Option Three"]},
          "untitledMulti":{"type":"array","items":{"type":"string","enum":["option1","option2","option3"]}},
          "titledMulti":{"type":"array","items":{"anyOf":[{"const":"value1","title":"First Choice"},{"const":"value2","title":"Second Choice"},{"const":"value3","title":"Third Choice"}]}}},"required":[]}}
        """;

    public static IEnumerable<McpServerTool> All() =>
    [
        new FixtureTool("test_sampling", """{"type":"object","properties":{"prompt":{"type":"string"}},"required":["prompt"]}""", SampleAsync),
        new FixtureTool("test_elicitation", """{"type":"object","properties":{"message":{"type":"string"}},"required":["message"]}""", (request, cancellationToken) =>
            ElicitAsync(request, "User response", new JsonObject { ["message"] = Fixture.Argument(request, "message"), ["requestedSchema"] = Fixture.Json(UserSchema) }.ToJsonString(), cancellationToken)),
        new FixtureTool("test_elicitation_sep1034_defaults", FixtureTool.NoArguments, (request, cancellationToken) => ElicitAsync(request, "Elicitation completed", Defaults, cancellationToken)),
        new FixtureTool("test_elicitation_sep1330_enums", FixtureTool.NoArguments, (request, cancellationToken) => ElicitAsync(request, "Elicitation completed", Enums, cancellationToken)),
        new FixtureTool("test_missing_capability", FixtureTool.NoArguments, (request, _) => request.JsonRpcRequest.Context?.ClientCapabilities?.Sampling is null
            ? throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Sampling = new SamplingCapability() })
            : Task.FromResult(Fixture.Text("ok"))),
    ];

    private static async Task<CallToolResult> SampleAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var content = new JsonObject { ["type"] = "text", ["text"] = Fixture.Argument(request, "prompt") };
        var parameters = new JsonObject { ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = content }), ["maxTokens"] = 100 };
        var answer = await Fixture.AskAsync(request, RequestMethods.SamplingCreateMessage, parameters.ToJsonString(), cancellationToken);
        return Fixture.Text($"LLM response: {answer["content"]?["text"]}");
    }

    private static async Task<CallToolResult> ElicitAsync(RequestContext<CallToolRequestParams> request, string label, string parameters, CancellationToken cancellationToken)
    {
        var answer = await Fixture.AskAsync(request, RequestMethods.ElicitationCreate, parameters, cancellationToken);
        return Fixture.Text($"{label}: action={answer["action"]}, content={answer["content"]?.ToJsonString(JsonSerializerOptions.Web) ?? "{}"}");
    }
}
