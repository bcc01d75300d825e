using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Actors.Grains.Interfaces;
using Actors.Silo.Configuration;
using Actors.Silo.Mcp.Resources;
using ModelContextProtocol.Protocol;

namespace Actors.Silo.Mcp.Results;

/// <summary>Answers about runs and workflows within <c>MaxResultBytes</c>: what is too large is a link to a resource, or on the next page.</summary>
internal sealed class RunAnswers(SiloOptions options)
{
    // What an answer holds stands in it twice: as data and as text.
    private int Largest => options.MaxResultBytes / 2;

    /// <summary>A run; an output that is too large is linked.</summary>
    public ToolAnswer Of(RunView run) => Linked(run) is { } link
        ? new ToolAnswer(Without(run, link), $"{RunText.Of(run with { Output = null })}\nThe output has {link.Size} bytes: read the resource {link.Uri}.") { Links = [link] }
        : new ToolAnswer(run, RunText.Of(run));

    /// <summary>A run as JSON, the same as the data of its answer.</summary>
    public object Value(RunView run) => Linked(run) is { } link ? Without(run, link) : run;

    /// <summary>As many of the items as fit, at least one.</summary>
    public IReadOnlyList<T> Fitting<T>(IEnumerable<T> items, Func<T, int> bytes)
    {
        var page = new List<T>();
        var left = Largest;
        foreach (var item in items)
        {
            left -= bytes(item);
            if (left < 0 && page.Count > 0)
            {
                break;
            }

            page.Add(item);
        }

        return page;
    }

    private ResourceLinkBlock? Linked(RunView run)
    {
        if (run.Output is not { } output || JsonMarshal.GetRawUtf8Value(output).Length is var bytes && bytes <= Largest)
        {
            return null;
        }

        return new ResourceLinkBlock
        {
            Uri = ActorsUri.Artifact(run.RunId, RunArtifacts.Output),
            Name = RunArtifacts.Output,
            Description = "What the workflow returned. It comes from untrusted servers.",
            MimeType = ActorsUri.Json,
            Size = bytes,
        };
    }

    private static JsonObject Without(RunView run, ResourceLinkBlock link)
    {
        var json = JsonSerializer.SerializeToNode(run with { Output = null }, ActorsJson.Options)!.AsObject();
        json["output_resource"] = new JsonObject { ["uri"] = link.Uri, ["bytes"] = link.Size };
        return json;
    }
}
