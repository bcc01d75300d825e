using System.Text.Json;
using Actors.Grains.Schemas;

namespace Actors.Grains.Tests.Schemas;

public sealed class OfficialSuiteTests
{
    private static readonly string Root = Path.Combine(AppContext.BaseDirectory, "Schemas", "TestSuite");
    private static readonly SchemaDocuments Remotes = ReadRemotes();

    public static TheoryData<string> Files()
    {
        var files = new TheoryData<string>();
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root, "draft2020-12"), "*.json").Order(StringComparer.Ordinal))
        {
            files.Add(Path.GetFileName(file));
        }

        return files;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Validate_OfficialCases_GiveTheExpectedAnswer(string file)
    {
        var failures = Cases(file).Select(Failure).OfType<string>().ToArray();

        Assert.True(failures.Length == 0, string.Join(Environment.NewLine, failures));
    }

    [Fact]
    public void TestSuite_IsComplete()
    {
        Assert.Equal(784, Directory.EnumerateFiles(Path.Combine(Root, "draft2020-12")).Sum(f => Cases(Path.GetFileName(f)).Count()));
    }

    private static IEnumerable<(string Name, JsonElement Schema, JsonElement Data, bool Valid)> Cases(string file)
    {
        foreach (var group in Read(Path.Combine(Root, "draft2020-12", file)).EnumerateArray())
        {
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                var name = $"{group.GetProperty("description")}: {test.GetProperty("description")}";
                yield return (name, group.GetProperty("schema"), test.GetProperty("data"), test.GetProperty("valid").GetBoolean());
            }
        }
    }

    private static string? Failure((string Name, JsonElement Schema, JsonElement Data, bool Valid) test)
    {
        try
        {
            var violations = JsonSchema.Compile(test.Schema, Remotes).Validate(test.Data);
            return violations.Count == 0 == test.Valid && violations.All(v => v.Keyword != "$bounds")
                ? null
                : $"{test.Name}: expected {(test.Valid ? "no violation" : "a violation")}, got [{string.Join("; ", violations)}]";
        }
        catch (SchemaException e)
        {
            return $"{test.Name}: {e.Message}";
        }
    }

    private static SchemaDocuments ReadRemotes()
    {
        var folder = Path.Combine(Root, "remotes");
        return new SchemaDocuments(Directory.EnumerateFiles(folder, "*.json", SearchOption.AllDirectories)
            .ToDictionary(f => "http://localhost:1234/" + Path.GetRelativePath(folder, f).Replace('\\', '/'), Read));
    }

    private static JsonElement Read(string file) => JsonElement.Parse(File.ReadAllBytes(file));
}
