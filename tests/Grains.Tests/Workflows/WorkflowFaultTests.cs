using Actors.Grains.Workflows;
using FsCheck;
using FsCheck.Fluent;

namespace Actors.Grains.Tests.Workflows;

public sealed class WorkflowFaultTests
{
    [Theory]
    [InlineData("id: count-words", "id: Count", "a.yaml:1:5: 'id' must be 1 to 64 characters of a-z, 0-9 and '-'")]
    [InlineData("id: count-words", "name: x", "a.yaml:1:1: A workflow has no \"name\". Use one of: id, version,")]
    [InlineData("version: \"1\"", "version: 1", "a.yaml:2:10: 'version' must be a string, not a number. Put it in quotes.")]
    [InlineData("timeout: 5m", "timeout: 25h", "a.yaml:4:10: 'timeout' must be a duration such as 30s, 5m or 2h, up to 24h. Change \"25h\".")]
    [InlineData("timeout: 5m", "id: twice", "a.yaml:4:1: The name \"id\" is already used in line 1.")]
    [InlineData("description: Reads", "description: &a Reads", "a.yaml:3:14: An anchor is not allowed.")]
    [InlineData("description: Reads a file and counts its words.", "description: *a", "a.yaml:3:14: An alias is not allowed.")]
    [InlineData("description: Reads", "description: !!str Reads", "a.yaml:3:14: A tag is not allowed.")]
    [InlineData("description: Reads", "description: ! Reads", "a.yaml:3:14: A tag is not allowed.")]
    [InlineData("timeout: 5m", "<<: { a: b }", "a.yaml:4:1: A merge key is not allowed.")]
    [InlineData("timeout: 5m", "? [a]\n: b", "a.yaml:4:3: A name must be a scalar, not a list.")]
    [InlineData("  type: object", "  type: string", "a.yaml:6:9: The schema of the params must have 'type: object'. Add it.")]
    [InlineData("maxLength: 200", "maxLength: -1", "a.yaml:8:50: The schema of the params is not valid at #/properties/path/maxLength: must be a whole number of 0 or more.")]
    [InlineData("maxLength: 200", "maxLength: .inf", "a.yaml:8:50: JSON has no .inf.")]
    [InlineData("image: 127.0.0.1:5000/examples/words:1", "image: \"a b\"", "a.yaml:19:12: 'image' must be an image reference")]
    [InlineData("image: 127.0.0.1:5000/examples/words:1", "profile: default", "a.yaml:19:5: A server lacks 'image'. Add it.")]
    [InlineData("args: [\"/data\"]", "args: /data", "a.yaml:13:11: 'args' must be a list, not a string.")]
    [InlineData("args: [\"/data\"]", "args: [\"${{ params.path }}\"]", "a.yaml:13:12: An item of 'args' can't hold an expression.")]
    [InlineData("LOG_LEVEL: info", "LOG_LEVEL: 1", "a.yaml:14:23: 'env.LOG_LEVEL' must be a string, not a number. Put it in quotes.")]
    [InlineData("LOG_LEVEL: info", "API_TOKEN: info", "a.yaml:15:16: The variable 'API_TOKEN' is both in env and in secrets.")]
    [InlineData("LOG_LEVEL: info", "1A: info", "a.yaml:14:12: A name in 'env' must be an environment variable's name")]
    [InlineData("cpu: 500m", "cpu: 0.0005", "a.yaml:17:20: 'cpu' must be cores such as 500m")]
    [InlineData("memory: 256Mi", "memory: 256MB", "a.yaml:17:34: 'memory' must be bytes or a whole number of Ki")]
    [InlineData("lifetime: 5m", "lifetime: 0s", "a.yaml:17:62: 'lifetime' must be a duration")]
    [InlineData("cpu: 500m", "gpu: 1", "a.yaml:17:15: 'limits' has no \"gpu\". Use one of: cpu, memory, pids, lifetime.")]
    [InlineData("server: words", "server: word", "a.yaml:27:13: There is no server 'word'. Use one of: \"files\", \"words\".")]
    [InlineData("server: words", "server: files", "a.yaml:18:3: The server \"words\" is used by no step.")]
    [InlineData("id: count\n", "id: read\n", "a.yaml:26:9: The step id 'read' is already used in line 21.")]
    [InlineData("timeout: 30s", "timeout: 2h", "a.yaml:24:14: 'timeout' must be a duration such as 30s or 5m, up to 1h.")]
    [InlineData("params.path", "params.file", "a.yaml:25:24: The expression params.file can't be evaluated: params has no \"file\". Use one of: \"path\".")]
    [InlineData("steps.read.result", "steps.red.result", "a.yaml:29:24: The expression steps.red.result.content[0].text can't be evaluated: there is no step \"red\". Use one of: \"read\".")]
    [InlineData("steps.read.result", "steps.count.result", "a.yaml:29:24: The expression steps.count.result.content[0].text can't be evaluated: the step 'count' can't use its own result.")]
    [InlineData("${{ params.path }}", "${{ steps.count.result }}", "a.yaml:25:24: The expression steps.count.result can't be evaluated: the step 'count' runs later.")]
    [InlineData("${{ params.path }}", "${{ params.path", "a.yaml:25:24: The expression ${{ params.path is not valid: it is not closed; end it with }}.")]
    [InlineData("arguments: { path:", "arguments: { \"${{ params.path }}\":", "a.yaml:25:18: A name can't hold an expression.")]
    [InlineData("steps.count.result.structuredContent", "steps.other.result", "a.yaml:31:10: The expression steps.other.result.words can't be evaluated: there is no step \"other\".")]
    [InlineData("tool: count_words", "tools: count_words", "a.yaml:28:5: A step has no \"tools\". Use one of: id, server, tool, timeout, arguments, idempotent, retry, approval, signal.")]
    public void Parse_OneFault_IsReportedAtItsPlace(string old, string replacement, string expected)
    {
        var yaml = WorkflowSamples.Count.Replace(old, replacement, StringComparison.Ordinal);
        Assert.NotEqual(WorkflowSamples.Count, yaml);

        var e = Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml));

        Assert.Contains(e.Faults, f => f.ToString().StartsWith(expected, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("priority: high", "priority: urgent", "a.yaml:3:11: 'priority' must be low, normal or high. Change \"urgent\".")]
    [InlineData("idempotent: true", "idempotent: maybe", "a.yaml:11:17: 'idempotent' must be true or false. Change \"maybe\".")]
    [InlineData("attempts: 5", "attempts: 1", "a.yaml:12:24: 'attempts' must be a whole number from 2 to 20. Change \"1\".")]
    [InlineData("attempts: 5, ", "", "a.yaml:12:12: 'retry' lacks 'attempts'. Add it.")]
    [InlineData("max_backoff: 30s", "max_backoff: 1s", "a.yaml:12:53: 'max_backoff' is shorter than 'backoff'. Raise it.")]
    [InlineData("backoff: 2s", "backoff: 2d", "a.yaml:12:36: 'backoff' must be a duration such as 1s or 5m, up to 1h. Change \"2d\".")]
    [InlineData("timeout: 4h", "timeout: 9h", "a.yaml:14:74: 'timeout' is longer than the workflow's. Raise the workflow's timeout.")]
    [InlineData("timeout: 4h", "by: me", "a.yaml:14:65: 'approval' has no \"by\". Use one of: message, timeout.")]
    [InlineData("steps.one.result }}?", "steps.two.result }}?", "a.yaml:14:26: The expression steps.two.result can't be evaluated: the step 'two' runs later.")]
    [InlineData("message: \"Go on with ${{ steps.one.result }}?\"", "message: 1", "a.yaml:14:26: 'message' must be a string, not a number. Put it in quotes.")]
    [InlineData("approval: { message", "server: s\n    approval: { message", "a.yaml:14:5: A step has no \"server\". Use one of: id, approval.")]
    [InlineData("required: [n]", "required: n", "a.yaml:16:49: The schema of the signal is not valid at #/required")]
    [InlineData("name: other-name", "name: go", "a.yaml:18:21: The signal 'go' is already awaited in line 15. Give one of them another 'name'.")]
    [InlineData("signal: { name: other-name }", "signal: go", "a.yaml:18:13: 'signal' must be a mapping, not a string.")]
    public void Parse_OneFaultInAWait_IsReportedAtItsPlace(string old, string replacement, string expected)
    {
        var yaml = WorkflowSamples.Waits.Replace(old, replacement, StringComparison.Ordinal);
        Assert.NotEqual(WorkflowSamples.Waits, yaml);

        var e = Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml));

        Assert.Contains(e.Faults, f => f.ToString().StartsWith(expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Parse_SeveralFaults_ReportsAllInOrder()
    {
        var yaml = WorkflowSamples.Count.Replace("\"1\"", "1", StringComparison.Ordinal).Replace("5m", "5x", StringComparison.Ordinal)
            .Replace("params.path", "params.p", StringComparison.Ordinal).Replace("steps.count", "steps.c", StringComparison.Ordinal);

        var lines = Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml)).Faults.Select(f => f.Line);

        Assert.Equal([2, 4, 17, 25, 31], lines);
    }

    [Theory]
    [InlineData("", "The file is empty")]
    [InlineData("# only a comment", "The file is empty")]
    [InlineData("[a]", "A workflow is a mapping, not a list")]
    [InlineData("a: [", "This is not valid YAML")]
    [InlineData("a: b\n---\nc: d", "A second document is not allowed")]
    [InlineData("%TAG ! tag:x,2000:\n---\na: b", "A YAML directive is not allowed")]
    [InlineData("a: \"\\ud800\"", "a.yaml:1:4: This is not valid YAML")]
    [InlineData("a: b\nc: d\0\n", "a.yaml:2:5: A control character is not allowed")]
    [InlineData("a: { b: c,\t\n  >!t*a\\u>|&aid}::", "a.yaml:")]
    public void Parse_NoWorkflow_IsATypedError(string yaml, string expected) =>
        Assert.Contains(expected, Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_DeepYaml_IsATypedError()
    {
        foreach (var yaml in (string[])[new string('[', 100_000), string.Concat(Enumerable.Repeat("{a: ", 50_000)), string.Concat(Enumerable.Range(0, 300).Select(i => new string(' ', i) + "a:\n"))])
        {
            Assert.Contains("nested deeper", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Parse_BillionLaughs_IsRefusedWithoutExpansion()
    {
        var yaml = "a: &a [x,x]\n" + string.Concat(Enumerable.Range('b', 20).Select(c => $"{(char)c}: &{(char)c} [*{(char)(c - 1)},*{(char)(c - 1)}]\n"));

        Assert.Contains("An alias is not allowed", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TooManySteps_IsATypedError()
    {
        var yaml = WorkflowSamples.Smallest + "\n" + string.Concat(Enumerable.Range(0, 300).Select(i => $"  - {{ id: s{i}, server: s, tool: t }}\n"));

        Assert.Contains("301 items, where at most 256", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_SecretValueInPlaceOfItsName_IsNotRepeated()
    {
        var yaml = WorkflowSamples.Count.Replace("weather-token", "\"Sekret Value\"", StringComparison.Ordinal);

        var e = Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Parse("a.yaml", yaml));

        Assert.StartsWith("a.yaml:15:27: 'secrets.API_TOKEN' must be a secret's name", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Sekret", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AnyText_LoadsOrIsATypedError()
    {
        string[] pieces = ["id", "version", "servers", "steps", "params", ": ", ":", "\n", "\n  ", "- ", "[", "]", "{", "}", "\"", "'", "|", ">", "&a", "*a", "!t", "%", "#", "${{", "}}", "x", "1", "\t", "\\u", "d800", "\0", ","];
        var texts = Gen.Elements(pieces).ListOf().Select(p => string.Concat(p));
        Prop.ForAll(texts.ToArbitrary(), Try).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        Prop.ForAll<NonNull<string>>(t => Try(t.Get)).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        var cuts = from at in Gen.Choose(0, WorkflowSamples.Count.Length) from piece in texts select WorkflowSamples.Count.Insert(at, piece);
        Prop.ForAll(cuts.ToArbitrary(), Try).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

        static void Try(string yaml)
        {
            try
            {
                WorkflowCatalog.Parse("a.yaml", yaml);
            }
            catch (WorkflowLoadException e)
            {
                Assert.NotEmpty(e.Faults);
            }
        }
    }
}
