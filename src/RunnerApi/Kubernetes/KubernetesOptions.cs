using System.ComponentModel.DataAnnotations;
using Actors.RunnerApi.Contracts.Configuration;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>Settings of the cluster driver, section <c>Actors:Runner:Kubernetes</c>.</summary>
public sealed record KubernetesOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Actors:Runner:Kubernetes";

    /// <summary>Namespace of the sandboxes; empty takes the context's or the service account's own.</summary>
    [RegularExpression("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", ErrorMessage = "is no namespace's name")]
    public string Namespace { get; init; } = "";

    /// <summary>A kubeconfig; empty uses the service account of the pod that the runner runs in.</summary>
    [RegularExpression("^/.*$", ErrorMessage = "is no absolute path")]
    public string KubeconfigFile { get; init; } = "";

    /// <summary>Context of the kubeconfig; empty takes its current one.</summary>
    public string Context { get; init; } = "";

    /// <summary>Tells the pods of several runners in one namespace apart: 1 to 63 of <c>a-z 0-9 -</c>.</summary>
    [RegularExpression("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", ErrorMessage = "is not 1 to 63 characters of a-z, 0-9 and '-' that start and end with a letter or digit")]
    public string Instance { get; init; } = "default";

    /// <summary>RuntimeClass of gVisor; empty means that the cluster has none, so that <c>runtime: auto</c> means runc.</summary>
    [RegularExpression("^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$", ErrorMessage = "is no RuntimeClass' name")]
    public string GvisorRuntimeClass { get; init; } = "gvisor";

    /// <summary>RuntimeClass of runc; empty means the nodes' default runtime.</summary>
    [RegularExpression("^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$", ErrorMessage = "is no RuntimeClass' name")]
    public string RuncRuntimeClass { get; init; } = "";

    /// <summary>Names of the Secrets with which kubelet pulls, separated by commas; empty for none.</summary>
    [RegularExpression("^[a-z0-9]([-.,a-z0-9]{0,1000}[a-z0-9])?$", ErrorMessage = "is no list of Secrets' names separated by commas")]
    public string ImagePullSecrets { get; init; } = "";

    /// <summary>Most seconds from a pod's creation until its container runs: scheduling, pull and start; 5 to 3600.</summary>
    [Range(5, 3600)]
    public int StartTimeoutSeconds { get; init; } = 120;

    /// <summary>Most seconds for one request, the tries while the API server is away included; 1 to 600.</summary>
    [Range(1, 600)]
    public int RequestTimeoutSeconds { get; init; } = 30;

    /// <summary>Size in MiB at which the nodes' kubelets rotate a container's log (<c>containerLogMaxSize</c>); output beyond it cannot be replayed, so it ends the sandbox. 1 to 1024.</summary>
    [Range(1, 1024)]
    public int LogRotationMiB { get; init; } = 10;

    /// <summary>Reads and checks the section.</summary>
    internal static KubernetesOptions Read(SettingsReader reader)
    {
        var options = reader.Read<KubernetesOptions>();
        if (options.KubeconfigFile.Length > 0 && !File.Exists(options.KubeconfigFile))
        {
            reader.Fault(nameof(KubeconfigFile), "the file does not exist.");
        }

        if (options.Context.Length > 0 && options.KubeconfigFile.Length == 0)
        {
            reader.Fault(nameof(Context), $"needs {Section}:{nameof(KubeconfigFile)}.");
        }

        return options;
    }
}
