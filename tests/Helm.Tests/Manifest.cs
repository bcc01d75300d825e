using YamlDotNet.RepresentationModel;

namespace Actors.Helm.Tests;

/// <summary>One object of a rendered chart.</summary>
internal sealed class Manifest(YamlMappingNode root)
{
    internal string Kind => Text("kind")!;

    internal string Name => Text("metadata", "name")!;

    internal string? Namespace => Text("metadata", "namespace");

    internal bool IsWorkload => Kind is "Deployment" or "StatefulSet";

    /// <summary>The pod's specification, of a workload or a pod.</summary>
    internal YamlNode PodSpec => IsWorkload ? At("spec", "template", "spec")! : At("spec")!;

    internal YamlMappingNode Container => (YamlMappingNode)((YamlSequenceNode)At(PodSpec, "containers")!).Single();

    /// <summary>The variables of its container that have a plain value.</summary>
    internal IReadOnlyDictionary<string, string> Env => Items(At(Container, "env"))
        .Where(e => At(e, "value") is not null)
        .ToDictionary(e => Text(e, "name")!, e => Text(e, "value")!, StringComparer.Ordinal);

    internal YamlNode? At(params string[] path) => At(root, path);

    internal string? Text(params string[] path) => Text(root, path);

    internal static IEnumerable<YamlNode> Items(YamlNode? node) => node as YamlSequenceNode ?? Enumerable.Empty<YamlNode>();

    internal static string? Text(YamlNode node, params string[] path) => (At(node, path) as YamlScalarNode)?.Value;

    internal static YamlNode? At(YamlNode? node, params string[] path) =>
        path.Aggregate(node, (n, name) => n is YamlMappingNode map && map.Children.TryGetValue(name, out var child) ? child : null);

    internal static IReadOnlyList<string> Texts(YamlNode? node) => [.. Items(node).Select(n => ((YamlScalarNode)n).Value!)];

    /// <summary>Every scalar below, for searching.</summary>
    internal static IEnumerable<string> Scalars(YamlNode? node) => node switch
    {
        YamlScalarNode scalar => [scalar.Value ?? ""],
        YamlSequenceNode list => list.SelectMany(Scalars),
        YamlMappingNode map => map.Children.SelectMany(c => Scalars(c.Key).Concat(Scalars(c.Value))),
        _ => [],
    };
}
