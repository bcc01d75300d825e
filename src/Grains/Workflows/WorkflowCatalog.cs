using System.Text;
using Actors.Grains.Workflows.Loading;
using Actors.Grains.Workflows.Yaml;

namespace Actors.Grains.Workflows;

/// <summary>The workflows of a folder (<c>*.yaml</c>, <c>*.yml</c>, not its subfolders), read once.</summary>
public sealed class WorkflowCatalog
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly Dictionary<string, WorkflowDefinition> _byId;

    /// <summary>Takes checked definitions with distinct ids.</summary>
    public WorkflowCatalog(IEnumerable<WorkflowDefinition> definitions) => _byId = definitions.ToDictionary(d => d.Id, StringComparer.Ordinal);

    /// <summary>Every workflow, by id.</summary>
    public IEnumerable<WorkflowDefinition> All => _byId.Values.OrderBy(d => d.Id, StringComparer.Ordinal);

    /// <summary>The workflow of that id, or null.</summary>
    public WorkflowDefinition? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>Loads a folder.</summary>
    /// <exception cref="WorkflowLoadException">Every fault of every file.</exception>
    public static WorkflowCatalog Load(string folder)
    {
        string[] files;
        try
        {
            files = [.. Directory.EnumerateFiles(folder).Where(IsWorkflow).Order(StringComparer.Ordinal).Take(WorkflowLimits.Files + 1)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new WorkflowLoadException([new WorkflowFault(folder, 0, 0, $"The folder of workflows can't be read ({e.GetType().Name}). Create it or set another path.")]);
        }

        if (files.Length > WorkflowLimits.Files)
        {
            throw new WorkflowLoadException([new WorkflowFault(folder, 0, 0, $"More than {WorkflowLimits.Files} workflow files. Split the folder.")]);
        }

        return Combine([.. files.Select(LoadFile)]);
    }

    /// <summary>Reads one workflow from text; <paramref name="fileName"/> stands in the faults.</summary>
    /// <exception cref="WorkflowLoadException">Every fault of the text.</exception>
    public static WorkflowDefinition Parse(string fileName, string yaml)
    {
        ArgumentNullException.ThrowIfNull(yaml);
        var (definition, _, faults) = ParseFile(fileName, yaml);
        return definition is null ? throw new WorkflowLoadException([.. faults.Ordered]) : definition;
    }

    private static bool IsWorkflow(string file) => Path.GetExtension(file) is ".yaml" or ".yml";

    private static WorkflowCatalog Combine(LoadedFile[] files)
    {
        var first = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (definition, id, faults) in files.Where(f => f.Definition is not null))
        {
            if (!first.TryAdd(definition!.Id, faults.File))
            {
                faults.Add(id!, $"The id '{definition.Id}' is already used in {first[definition.Id]}. Give each workflow its own id.");
            }
        }

        WorkflowFault[] all = [.. files.SelectMany(f => f.Faults.Ordered)];
        return all.Length > 0 ? throw new WorkflowLoadException(all) : new WorkflowCatalog(files.Select(f => f.Definition!));
    }

    private static LoadedFile LoadFile(string path)
    {
        var faults = new FaultList(Path.GetFileName(path));
        try
        {
            using var stream = File.OpenRead(path);
            var bytes = new byte[WorkflowLimits.FileBytes + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return ParseFile(faults.File, length > WorkflowLimits.FileBytes ? null : Utf8.GetString(bytes, 0, length));
        }
        catch (DecoderFallbackException)
        {
            faults.Add(0, 0, "The file is not UTF-8. Save it as UTF-8.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(0, 0, $"The file can't be read ({e.GetType().Name}). Check its permissions.");
        }

        return new LoadedFile(null, null, faults);
    }

    private static LoadedFile ParseFile(string fileName, string? yaml)
    {
        var faults = new FaultList(fileName);
        if (yaml is null || yaml.Length > WorkflowLimits.FileBytes)
        {
            faults.Add(0, 0, $"The file is larger than {WorkflowLimits.FileBytes} bytes. Make it smaller.");
            return new LoadedFile(null, null, faults);
        }

        var root = YamlReader.Read(yaml.TrimStart('\uFEFF'), faults);
        var definition = root is null ? null : WorkflowReader.Read(root, faults);
        return new LoadedFile(faults.Any ? null : definition, root?.Find("id") ?? root, faults);
    }

    private sealed record LoadedFile(WorkflowDefinition? Definition, YamlValue? Id, FaultList Faults);
}
