using Actors.Grains.Workflows;

namespace Actors.Grains.Tests.Workflows;

public sealed class WorkflowCatalogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("workflows").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Load_Folder_FindsEachWorkflowById()
    {
        Write("b.yml", WorkflowSamples.Smallest);
        Write("a.yaml", WorkflowSamples.Count);
        Write("notes.txt", "no workflow");

        var catalog = WorkflowCatalog.Load(_folder);

        Assert.Equal(["a", "count-words"], catalog.All.Select(w => w.Id));
        Assert.Equal("count-words", catalog.Find("count-words")!.Id);
        Assert.Null(catalog.Find("other"));
    }

    [Fact]
    public void Load_FaultsInSeveralFiles_ReportsAll()
    {
        Write("a.yaml", WorkflowSamples.Smallest.Replace("\"1\"", "1", StringComparison.Ordinal));
        Write("b.yaml", "x: y");
        Write("c.yaml", WorkflowSamples.Smallest);

        var files = Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Load(_folder)).Faults.Select(f => f.File).Distinct();

        Assert.Equal(["a.yaml", "b.yaml"], files);
    }

    [Fact]
    public void Load_SameIdTwice_NamesBothFiles()
    {
        Write("a.yaml", WorkflowSamples.Smallest);
        Write("b.yaml", WorkflowSamples.Smallest);

        Assert.Equal("b.yaml:1:5: The id 'a' is already used in a.yaml. Give each workflow its own id.", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Load(_folder)).Message);
    }

    [Fact]
    public void Load_LargeFile_IsAFault()
    {
        Write("a.yaml", WorkflowSamples.Smallest + "\n#" + new string('x', WorkflowLimits.FileBytes));

        Assert.Equal("a.yaml: The file is larger than 262144 bytes. Make it smaller.", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Load(_folder)).Message);
    }

    [Fact]
    public void Load_FileThatIsNoUtf8_IsAFault()
    {
        File.WriteAllBytes(Path.Combine(_folder, "a.yaml"), [0xFF, 0xFE, 0x80]);

        Assert.Equal("a.yaml: The file is not UTF-8. Save it as UTF-8.", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Load(_folder)).Message);
    }

    [Fact]
    public void Load_MissingFolder_IsAFault() =>
        Assert.Contains("can't be read", Assert.Throws<WorkflowLoadException>(() => WorkflowCatalog.Load(Path.Combine(_folder, "none"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_EmptyFolder_IsEmpty() => Assert.Empty(WorkflowCatalog.Load(_folder).All);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(_folder, name), text);
}
