namespace Actors.Grains.Schemas;

/// <summary>A reference that is resolved once all places are known.</summary>
/// <param name="From">The node that refers.</param>
/// <param name="Keyword"><c>$ref</c> or <c>$dynamicRef</c>.</param>
/// <param name="Reference">As written.</param>
/// <param name="Found">Takes the target and the fragment it was found by.</param>
internal sealed record PendingReference(SchemaNode From, string Keyword, string Reference, Action<SchemaNode, string> Found);

internal sealed partial class SchemaCompiler
{
    private void Resolve(PendingReference pending)
    {
        var location = $"{pending.From.Location}/{pending.Keyword}";
        var (path, fragment) = SchemaUri.Split(pending.Reference);
        var resource = path.Length == 0 ? pending.From.Resource : Resource(pending.From.Resource.Uri, path);
        if (resource is null)
        {
            Fault(location, $"{Describe.Name(pending.Reference)} does not resolve: no such document in memory, and none is fetched; put the schema under $defs");
            return;
        }

        var target = fragment.Length == 0 ? resource.Document.Nodes[resource.Pointer]
            : fragment[0] == '/' ? At(resource, resource.Pointer + fragment)
            : resource.Anchors.GetValueOrDefault(fragment);
        if (target is null)
        {
            Fault(location, $"{Describe.Name(pending.Reference)} does not resolve: {(fragment[0] == '/' ? "nothing is at that place" : "no such anchor")}");
            return;
        }

        pending.Found(target, fragment);
    }

    private SchemaResource? Resource(string baseUri, string path)
    {
        if (SchemaUri.Resolve(baseUri, path) is not { } uri)
        {
            return null;
        }

        if (_resources.TryGetValue(uri, out var known))
        {
            return known;
        }

        return _documents.TryGet(uri, out var document) ? Load(document.Value, uri)?.Resource : null;
    }

    private SchemaNode? At(SchemaResource resource, string pointer)
    {
        var document = resource.Document;
        if (document.Nodes.TryGetValue(pointer, out var node))
        {
            return node;
        }

        // A place that no keyword makes a schema: its base is that of the nearest schema around it.
        if (JsonPointer.Follow(document.Root, pointer) is not { } element)
        {
            return null;
        }

        var around = pointer;
        while (!document.Nodes.ContainsKey(around))
        {
            around = around[..around.LastIndexOf('/')];
        }

        return Build(document, pointer, element, document.Nodes[around].Resource);
    }
}
