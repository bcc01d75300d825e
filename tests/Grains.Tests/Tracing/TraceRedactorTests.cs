using System.Text.Json.Nodes;
using Actors.Grains.Tracing;

namespace Actors.Grains.Tests.Tracing;

public sealed class TraceRedactorTests
{
    [Theory]
    [InlineData("password")]
    [InlineData("Authorization")]
    [InlineData("api_key")]
    [InlineData("clientSecret")]
    [InlineData("access_token")]
    [InlineData("set-cookie")]
    [InlineData("accessToken")]
    [InlineData("refresh_tokens")]
    [InlineData("pwd")]
    public void Redact_SensitiveKey_HidesItsValue(string key)
    {
        var redacted = Redact(new RedactionOptions(), $$$"""{"outer":[{"{{{key}}}":{"deep":"hunter2"}}]}""");

        Assert.DoesNotContain("hunter2", redacted, StringComparison.Ordinal);
        Assert.Contains("[redacted]", redacted, StringComparison.Ordinal);
    }

    [Fact]
    public void Redact_OrdinaryKeys_ChangesNothing()
    {
        const string json = """{"max_tokens":12,"tokenizer":"bpe","text":"a \u0022b\u0022","n":1.50,"none":null,"flag":true}""";

        Assert.Equal(JsonNode.Parse(json)!.ToJsonString(), Redact(new RedactionOptions(), json));
    }

    [Fact]
    public void Redact_JsonInsideAText_CountsToo()
    {
        var redacted = Redact(new RedactionOptions(), """{"content":[{"type":"text","text":"{\u0022user\u0022:\u0022a\u0022,\u0022password\u0022:\u0022hunter2\u0022}"},{"type":"text","text":"[not json"}]}""");

        Assert.DoesNotContain("hunter2", redacted, StringComparison.Ordinal);
        Assert.Contains("user", redacted, StringComparison.Ordinal);
        Assert.Contains("[not json", redacted, StringComparison.Ordinal);
    }

    [Fact]
    public void Redact_ConfiguredPath_HidesThatPlaceAlone()
    {
        var options = new RedactionOptions { Paths = ["result.content.*.text"] };

        var redacted = Redact(options, """{"result":{"content":[{"text":"a"},{"text":"b","type":"text"}]},"text":"c"}""");

        Assert.Equal("""{"result":{"content":[{"text":"[redacted]"},{"text":"[redacted]","type":"text"}]},"text":"c"}""", redacted);
    }

    [Fact]
    public void Redact_KnownSecretValue_IsReplacedInEveryForm()
    {
        var folder = Directory.CreateTempSubdirectory("actors-secrets");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "weather"), "s3cr3t value/42\n");
            var options = new RedactionOptions { SecretsDirectory = folder.FullName };

            var redacted = Redact(options, """{"a":"x s3cr3t value/42 y","b":"czNjcjN0IHZhbHVlLzQy","c":"q=s3cr3t%20value%2F42","s3cr3t value/42":1}""");

            Assert.Equal("""{"a":"x [redacted] y","b":"[redacted]","c":"q=[redacted]","[redacted]":1}""", redacted);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Redact(RedactionOptions options, string json) => new TraceRedactor(options).Redact(JsonNode.Parse(json))!.ToJsonString();
}
