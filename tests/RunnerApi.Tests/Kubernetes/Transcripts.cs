using System.Text.Json;
using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;

namespace Actors.RunnerApi.Tests.Kubernetes;

/// <summary>What a real API server (1.20) answered.</summary>
internal static class Transcripts
{
    private static readonly JsonElement Pods = Read("pods.json");
    private static readonly JsonElement Errors = Read("errors.json");

    internal static IEnumerable<string> Watch => File.ReadLines(At("watch.jsonl"));

    /// <summary>A pod of ours with a recorded status; its container goes by the name that ours has.</summary>
    internal static Pod Pod(string name, bool attached = true)
    {
        var recorded = Pods.GetProperty(name);
        var status = recorded.GetProperty("status").GetRawText().Replace("\"main\"", "\"" + PodTemplate.ContainerName + "\"", StringComparison.Ordinal);
        var annotations = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [PodTemplate.IdAnnotation] = "x",
            [PodTemplate.DeadlineAnnotation] = "2030-01-01T00:00:00Z",
            [PodTemplate.RuntimeAnnotation] = "runc",
        };
        if (attached)
        {
            annotations[PodTemplate.AttachedAnnotation] = "2029-01-01T00:00:00Z";
        }

        var meta = new ObjectMeta { Name = "actors-x", Uid = "u", Annotations = annotations, Labels = new Dictionary<string, string>(StringComparer.Ordinal) { [PodTemplate.InstanceLabel] = "tests" } };
        var container = new Container { Name = PodTemplate.ContainerName, Image = recorded.GetProperty("spec").GetProperty("image").GetString()! };
        return new Pod(meta, new PodSpec { Containers = [container], NodeName = "localhost" }, JsonSerializer.Deserialize<PodStatus>(status, KubeJson.Default.Options));
    }

    /// <summary>An error as it came over the wire.</summary>
    internal static (int Status, string ContentType, string? RetryAfter, string Body) Error(string name)
    {
        var e = Errors.GetProperty(name);
        var headers = e.GetProperty("headers");
        return (e.GetProperty("status").GetInt32(), headers.GetProperty("Content-Type").GetString()!, headers.TryGetProperty("Retry-After", out var r) ? r.GetString() : null, e.GetProperty("body").GetString()!);
    }

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(At(file))).RootElement;

    private static string At(string file) => Path.Combine(AppContext.BaseDirectory, "Kubernetes", "Transcripts", file);
}
