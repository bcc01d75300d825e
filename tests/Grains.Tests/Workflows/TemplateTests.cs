using System.Text.Json;
using Actors.Grains.Workflows.Expressions;
using FsCheck;
using FsCheck.Fluent;

namespace Actors.Grains.Tests.Workflows;

public sealed class TemplateTests
{
    private static readonly ExpressionContext Context = new(
        JsonElement.Parse("""{"path":"a.txt","n":12.50,"odd key":true,"none":null,"a":{"b":[1,{"c":"x"}]},"$d-e":7}"""),
        new Dictionary<string, JsonElement>
        {
            ["read"] = JsonElement.Parse("""{"content":[{"type":"text","text":"hello"}],"isError":false}"""),
            ["1st-step"] = JsonElement.Parse("[ 1, 2 ]"),
        },
        "run-1");

    [Theory]
    [InlineData("${{ params.path }}", "\"a.txt\"")]
    [InlineData("${{params.n}}", "12.50")]
    [InlineData("${{ params[\"odd key\"] }}", "true")]
    [InlineData("${{ params['odd key'] }}", "true")]
    [InlineData("${{ params.none }}", "null")]
    [InlineData("${{ params.a.b[1].c }}", "\"x\"")]
    [InlineData("${{ params.a.b }}", "[1,{\"c\":\"x\"}]")]
    [InlineData("${{ params.$d-e }}", "7")]
    [InlineData("${{ steps.read.result.content[0].text }}", "\"hello\"")]
    [InlineData("${{ steps.1st-step.result[1] }}", "2")]
    [InlineData("${{ steps[\"1st-step\"].result }}", "[1,2]")]
    [InlineData("${{ run.id }}", "\"run-1\"")]
    [InlineData("n=${{ params.n }}, ${{ params['odd key'] }}/${{ params.none }}", "\"n=12.50, true/null\"")]
    [InlineData("b=${{ steps.1st-step.result }}", "\"b=[1,2]\"")]
    [InlineData("${{ params.path }}${{ params.path }}", "\"a.txta.txt\"")]
    [InlineData(" ${{ params.n }}", "\" 12.50\"")]
    [InlineData("$${{ params.n }}", "\"${{ params.n }}\"")]
    [InlineData("$$${{ params.n }}", "\"$${{ params.n }}\"")]
    [InlineData("a $ { {{ }} ${ b", "\"a $ { {{ }} ${ b\"")]
    [InlineData("", "\"\"")]
    public void Evaluate_Text_GivesTheValue(string template, string expected) =>
        Assert.Equal(expected, Evaluate(template).GetRawText());

    [Fact]
    public void Evaluate_NestedTemplate_KeepsEverythingElse()
    {
        var template = JsonElement.Parse("""{"a":[1.0,null,"${{ params.n }}"],"b":{"c":"x"},"${{ params.n }}":true}""");

        Assert.Equal("""{"a":[1.0,null,12.50],"b":{"c":"x"},"${{ params.n }}":true}""", Template.Evaluate(template, Context).GetRawText());
    }

    [Theory]
    [InlineData("${{ params.nope }}", "params.nope: params has no \"nope\"; it has: \"path\", \"n\", \"odd key\"")]
    [InlineData("${{ params.a.b[5].c }}", "params.a.b[5].c: params.a.b has 2 items and so no [5]")]
    [InlineData("${{ params.a.b.c }}", "params.a.b.c: params.a.b is an array of 2 items and takes an index")]
    [InlineData("${{ params.a[0] }}", "params.a[0]: params.a is an object and takes a name, not an index; it has: \"b\"")]
    [InlineData("${{ params.path.x }}", "params.path.x: params.path is a string and has nothing inside")]
    [InlineData("${{ steps.other.result }}", "steps.other.result: the step \"other\" has no result; there are results of: \"read\", \"1st-step\"")]
    [InlineData("${{ steps.read.content }}", "steps.read.content: a step has only a result")]
    [InlineData("${{ run.name }}", "run.name: a run has only an id")]
    [InlineData("${{ env.HOME }}", "it starts with \"env\"; start with params, steps or run")]
    [InlineData("${{ }}", "it is empty")]
    [InlineData("${{ params.path", "it is not closed")]
    [InlineData("${{ params.path } }", "only a path is allowed")]
    [InlineData("${{ params.n + 1 }}", "only a path is allowed")]
    [InlineData("${{ length(params.a) }}", "start with params, steps or run")]
    [InlineData("${{ params..a }}", "a name is missing behind '.'")]
    [InlineData("${{ params[-1] }}", "in brackets stands a whole number or a quoted name")]
    [InlineData("${{ params[99999999999] }}", "in brackets stands a whole number or a quoted name")]
    [InlineData("${{ params[\"a }}", "a quote is not closed")]
    [InlineData("${{ params[0 }}", "a ']' is missing")]
    public void Evaluate_Unfit_IsATypedErrorThatSaysWhy(string template, string expected) =>
        Assert.Contains(expected, Assert.Throws<ExpressionException>(() => Evaluate(template)).Message, StringComparison.Ordinal);

    [Fact]
    public void Evaluate_LongExpression_IsATypedError()
    {
        Assert.Contains("longer than 1024", Assert.Throws<ExpressionException>(() => Evaluate($"${{{{ params.{new string('a', 2000)} }}}}")).Message, StringComparison.Ordinal);
        Assert.Contains("more than 64 parts", Assert.Throws<ExpressionException>(() => Evaluate($"${{{{ params{string.Concat(Enumerable.Repeat(".a", 70))} }}}}")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_HugeResult_IsATypedError()
    {
        var big = Context with { Params = JsonSerializer.SerializeToElement(new { text = new string('x', 300_000) }) };
        string[] templates = ["[\"${{ params.text }}\",\"${{ params.text }}\",\"${{ params.text }}\",\"${{ params.text }}\"]", "\"" + string.Concat(Enumerable.Repeat("${{ params.text }}", 4)) + "\""];

        foreach (var template in templates)
        {
            var e = Assert.Throws<ExpressionException>(() => Template.Evaluate(JsonElement.Parse(template), big));
            Assert.Contains("larger than 1048576 bytes", e.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{\"v\":\"\\ud800\"}")]
    [InlineData("{\"v\":{\"\\ud800\":1}}")]
    public void Evaluate_BrokenUnicodeInAValue_IsATypedErrorOrKept(string parameters)
    {
        var context = Context with { Params = JsonElement.Parse(parameters) };

        Assert.Throws<ExpressionException>(() => Template.Evaluate(JsonElement.Parse("\"a ${{ params.v }}\""), context));
    }

    [Fact]
    public void Evaluate_DeepResult_IsATypedError()
    {
        var deep = JsonElement.Parse(new string('[', 60) + new string(']', 60));
        var context = Context with { Results = new Dictionary<string, JsonElement> { ["s"] = deep } };
        var template = JsonElement.Parse(new string('[', 10) + "\"${{ steps.s.result }}\"" + new string(']', 10));

        Assert.Contains("nested deeper", Assert.Throws<ExpressionException>(() => Template.Evaluate(template, context)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_ValueWithExpressionInside_IsNotEvaluatedAgain()
    {
        var context = Context with { Params = JsonElement.Parse("""{"v":"${{ run.id }}"}""") };

        Assert.Equal("a ${{ run.id }}", Template.Evaluate(JsonElement.Parse("\"a ${{ params.v }}\""), context).GetString());
    }

    [Fact]
    public void Evaluate_AnyText_GivesAValueOrATypedError()
    {
        string[] pieces = ["${{", "}}", "$", " ", ".", "[", "]", "\"", "'", "\\", "params", "steps", "run", "id", "result", "read", "0", "a", "{", "é", "\ud83d\ude00", "\0"];
        var texts = Gen.Elements(pieces).ListOf().Select(p => string.Concat(p));
        Prop.ForAll(texts.ToArbitrary(), Try).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        Prop.ForAll<NonNull<string>>(text => Try(text.Get)).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
        Prop.ForAll(texts.ToArbitrary(), text => Try("${{ params" + text + " }}")).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));

        static void Try(string text)
        {
            try
            {
                TemplateText.Parse(text);
                Evaluate(text);
            }
            catch (ExpressionException)
            {
            }
        }
    }

    private static JsonElement Evaluate(string template) => Template.Evaluate(JsonSerializer.SerializeToElement(template), Context);
}
