using System.Text.Json;
using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Workflows;

public sealed class WorkflowParseTests
{
    [Fact]
    public void Parse_WholeWorkflow_GivesEveryField()
    {
        var workflow = WorkflowCatalog.Parse("count.yaml", WorkflowSamples.Count);

        Assert.Equal(("count-words", "1", "Reads a file and counts its words."), (workflow.Id, workflow.Version, workflow.Description));
        Assert.Equal(TimeSpan.FromMinutes(5), workflow.Timeout);
        Assert.Equal(["files", "words"], workflow.Servers.Keys.Order());
        var files = workflow.Servers["files"];
        Assert.Equal("127.0.0.1:5000/examples/filesystem:1", files.Image);
        Assert.Equal(["/data"], files.Args);
        Assert.Equal("info", files.Env["LOG_LEVEL"]);
        Assert.Equal("weather-token", files.Secrets["API_TOKEN"]);
        Assert.Equal("default", files.Profile);
        Assert.Equal((500, 256L << 20, 256, 300), (files.Limits.CpuMillis, files.Limits.MemoryBytes, files.Limits.Pids, files.Limits.LifetimeSeconds));
        Assert.Equal(("read", "files", "read_text_file", TimeSpan.FromSeconds(30)),
            (workflow.Steps[0].Id, workflow.Steps[0].Server, workflow.Steps[0].Tool, workflow.Steps[0].Timeout));
        Assert.Equal("""{"path":"${{ params.path }}"}""", workflow.Steps[0].Arguments.GetRawText());
        Assert.Equal(TimeSpan.FromSeconds(60), workflow.Steps[1].Timeout);
        Assert.Equal("""{"words":"${{ steps.count.result.structuredContent.words }}"}""", workflow.Output!.Value.GetRawText());
        Assert.Empty(workflow.ParamsSchema.Validate(JsonElement.Parse("""{"path":"a.txt"}""")));
        Assert.Equal("(root): lacks the property \"path\", which is required", Assert.Single(workflow.ParamsSchema.Validate(JsonElement.Parse("{}"))).ToString());
    }

    [Fact]
    public void Parse_StepsThatWaitAndRetry_GivesEveryField()
    {
        var workflow = WorkflowCatalog.Parse("a.yaml", WorkflowSamples.Waits);
        var steps = workflow.Steps;

        Assert.Equal(1, workflow.Priority);
        Assert.True(steps[0].Idempotent);
        Assert.Equal(new RetryDefinition(5, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30)), steps[0].Retry);
        Assert.Equal(new ApprovalDefinition("Go on with ${{ steps.one.result }}?", TimeSpan.FromHours(4)), steps[1].Approval);
        Assert.Null(steps[1].Server);
        Assert.Equal(("go", TimeSpan.FromHours(1)), (steps[2].Signal!.Name, steps[2].Signal!.Timeout!.Value));
        Assert.NotEmpty(steps[2].Signal!.PayloadSchema!.Validate(JsonElement.Parse("{}")));
        Assert.Equal("other-name", steps[3].Signal!.Name);
        Assert.Null(steps[3].Signal!.PayloadSchema);
        Assert.Equal(new RetryDefinition(2, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1)), steps[4].Retry);
        Assert.False(steps[4].Idempotent);
    }

    [Fact]
    public void Parse_SmallestWorkflow_TakesDefaults()
    {
        var workflow = WorkflowCatalog.Parse("a.yaml", WorkflowSamples.Smallest);

        Assert.Equal(TimeSpan.FromMinutes(10), workflow.Timeout);
        Assert.Null(workflow.Output);
        Assert.Equal("{}", workflow.Steps[0].Arguments.GetRawText());
        Assert.Null(workflow.Servers["s"].Limits.CpuMillis);
        Assert.Empty(workflow.ParamsSchema.Validate(JsonElement.Parse("{}")));
        Assert.NotEmpty(workflow.ParamsSchema.Validate(JsonElement.Parse("""{"a":1}""")));
    }

    [Theory]
    [InlineData("12", "12")]
    [InlineData("+12", "12")]
    [InlineData("007", "7")]
    [InlineData("0x1F", "31")]
    [InlineData("0o17", "15")]
    [InlineData("-.5", "-0.5")]
    [InlineData("1.", "1")]
    [InlineData("1.50e+3", "1.50e+3")]
    [InlineData("true", "true")]
    [InlineData("FALSE", "false")]
    [InlineData("~", "null")]
    [InlineData("", "null")]
    [InlineData("yes", "\"yes\"")]
    [InlineData("tRue", "\"tRue\"")]
    [InlineData("1_000", "\"1_000\"")]
    [InlineData("12:30", "\"12:30\"")]
    [InlineData("\"12\"", "\"12\"")]
    [InlineData("'true'", "\"true\"")]
    [InlineData("2024-01-01", "\"2024-01-01\"")]
    [InlineData("[1, {a: b}]", "[1,{\"a\":\"b\"}]")]
    public void Parse_Scalar_FollowsTheCoreSchema(string yaml, string json)
    {
        var workflow = WorkflowCatalog.Parse("a.yaml", WorkflowSamples.Smallest + "\n    arguments:\n      v: " + yaml + "\n");

        Assert.Equal(json, workflow.Steps[0].Arguments.GetProperty("v").GetRawText());
    }

    [Fact]
    public void Hash_DiffersOnlyWithContent()
    {
        var first = WorkflowCatalog.Parse("a.yaml", WorkflowSamples.Count);
        var relaid = WorkflowCatalog.Parse("b.yaml", "# a comment\n" + WorkflowSamples.Count.Replace("[\"/data\"]", "\n      - /data", StringComparison.Ordinal));
        var changed = WorkflowCatalog.Parse("a.yaml", WorkflowSamples.Count.Replace("maxLength: 200", "maxLength: 201", StringComparison.Ordinal));

        Assert.Equal(first.DefinitionHash, relaid.DefinitionHash);
        Assert.NotEqual(first.DefinitionHash, changed.DefinitionHash);
        Assert.Matches("^[0-9a-f]{64}$", first.DefinitionHash);
    }

    [Theory]
    [InlineData(WorkflowSamples.Count, "b70b26fa76c20a5cdfbb979b955df21d91c3855e1")]
    [InlineData(WorkflowSamples.Smallest, "bd9baae626cfefaa8fa61ff14685f7ca407a4e793")]
    public void Hash_OfAWorkflowWithoutNewerKeys_StaysWhatDatabasesHold(string yaml, string hash) =>
        Assert.StartsWith(hash, WorkflowCatalog.Parse("a.yaml", yaml).DefinitionHash, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Samples))]
    public void Json_RoundTrip_KeepsHashAndSchema(string yaml)
    {
        var workflow = WorkflowCatalog.Parse("a.yaml", yaml);
        var copy = WorkflowJson.Read(JsonElement.Parse(WorkflowJson.Write(workflow).GetRawText()));

        Assert.Equal(workflow.DefinitionHash, copy.DefinitionHash);
        Assert.Equal(WorkflowJson.Write(workflow).GetRawText(), WorkflowJson.Write(copy).GetRawText());
        Assert.NotEmpty(copy.ParamsSchema.Validate(JsonElement.Parse("""{"unknown":1}""")));
    }

    [Fact]
    public void Json_WithoutNewerKeys_DoesNotNameThem()
    {
        var text = WorkflowJson.Write(WorkflowCatalog.Parse("a.yaml", WorkflowSamples.Count)).GetRawText();

        Assert.All(["priority", "idempotent", "retry", "approval", "signal"], k => Assert.DoesNotContain($"\"{k}\"", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Json_BrokenText_IsAJsonException() => Assert.Throws<JsonException>(() => WorkflowJson.Read(JsonElement.Parse("""{"id":"a"}""")));

    public static TheoryData<string> Samples() => [WorkflowSamples.Count, WorkflowSamples.Smallest, WorkflowSamples.Waits];
}
