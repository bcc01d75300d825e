using System.Globalization;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Kubernetes;

/// <summary>What a pod's status means. Its members do not always agree; see the tests for what was seen of each.</summary>
internal static class PodReading
{
    /// <summary>Our pod as the seam knows it; null when it is none of ours.</summary>
    internal static SandboxStatus? Status(Pod pod, string instance)
    {
        if (pod.Metadata.Labels?.GetValueOrDefault(PodTemplate.InstanceLabel) != instance
            || Annotation(pod, PodTemplate.IdAnnotation) is not { } id
            || pod.Metadata.Name != PodTemplate.PodName(id)
            || !DateTimeOffset.TryParse(Annotation(pod, PodTemplate.DeadlineAnnotation), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var deadline))
        {
            return null;
        }

        var status = new SandboxStatus(
            id,
            pod.Metadata.Name,
            Annotation(pod, PodTemplate.AttachedAnnotation) is null ? SandboxState.Created : SandboxState.Running,
            ExitCode: null,
            OutOfMemory: false,
            Annotation(pod, PodTemplate.RuntimeAnnotation) ?? "",
            pod.Metadata.CreationTimestamp ?? DateTimeOffset.UnixEpoch,
            deadline);
        return HasEnded(pod) ? Ended(status, pod) : status;
    }

    /// <summary>The end of a pod that was taken away, which can be gone before its container's end was reported; null when nothing of that kind was said of it.</summary>
    internal static SandboxStatus? TakenAway(Pod pod, string instance) =>
        Disruption(pod) is { } disruption && Status(pod, instance) is { } status ? status.State == SandboxState.Exited ? status : Taken(status with { State = SandboxState.Exited }, disruption) : null;

    /// <summary>The server's container will run no more.</summary>
    internal static bool HasEnded(Pod pod) =>
        pod.Status?.Phase is "Failed" or "Succeeded" || Server(pod)?.State?.Terminated is not null || (pod.Status?.Reason is "NodeLost") || IsLeavingItsNode(pod);

    /// <summary>It runs or has run: its image is there and its command was tried.</summary>
    internal static bool HasStarted(Pod pod) => Server(pod)?.State is { Running: not null } or { Terminated: not null } || pod.Status?.Phase is "Failed" or "Succeeded";

    /// <summary>Why the container never ran, or null. What may still come right by itself is no problem yet.</summary>
    internal static SandboxException? Problem(Pod pod)
    {
        var id = Annotation(pod, PodTemplate.IdAnnotation);
        if (Server(pod)?.State?.Waiting is { Reason: { } reason } waiting)
        {
            var words = Words(waiting.Message);
            return reason switch
            {
                "ErrImagePull" or "ImagePullBackOff" or "ErrImageNeverPull" or "InvalidImageName" or "ImageInspectError" or "RegistryUnavailable" =>
                    new SandboxException(SandboxFault.PullFailed, $"Pulling {pod.Spec?.Containers[0].Image} failed: {reason}: {words}"),

                // Its Secret is created right after it, so kubelet can be a moment too early, and its cache of Secrets can lag on a busy node; it tries again.
                "CreateContainerConfigError" when waiting.Message is { } m && (m.StartsWith("secret \"" + pod.Metadata.Name, StringComparison.Ordinal) || m.StartsWith("failed to sync ", StringComparison.Ordinal)) => null,
                "CreateContainerConfigError" or "CreateContainerError" or "RunContainerError" or "CrashLoopBackOff" =>
                    new SandboxException(SandboxFault.StartFailed, $"Sandbox '{id}' could not be started: {reason}: {words}"),
                _ => null,
            };
        }

        return Server(pod)?.State?.Terminated is { Reason: "StartError" or "ContainerCannotRun" } failed
            ? new SandboxException(SandboxFault.StartFailed, $"Sandbox '{id}' could not be started by {Annotation(pod, PodTemplate.RuntimeAnnotation)}: {Words(failed.Message)}")
            : null;
    }

    /// <summary>The scheduler's sentence while no node takes the pod, or null.</summary>
    internal static string? Unschedulable(Pod pod) =>
        pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "PodScheduled", Status: "False", Reason: "Unschedulable" }) is { } condition ? Words(condition.Message) : null;

    internal static ContainerStatus? Server(Pod pod) => pod.Status?.ContainerStatuses?.FirstOrDefault(c => c.Name == PodTemplate.ContainerName);

    /// <summary>Its variables are to come from this Secret.</summary>
    internal static bool NamesSecret(Pod pod, string secret) => pod.Spec?.Containers[0].Env?.Any(e => e.ValueFrom.SecretKeyRef.Name == secret) == true;

    internal static string? Annotation(Pod pod, string name) => pod.Metadata.Annotations?.GetValueOrDefault(name);

    /// <summary>The cluster's words on one line; they can hold an image's.</summary>
    internal static string Words(string? text)
    {
        var line = string.Join(' ', string.Concat((text ?? "").Select(c => char.IsControl(c) ? ' ' : c)).Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return line.Length == 0 ? "the cluster gave no reason" : line.Length > 600 ? line[..600] + "…" : line;
    }

    // The cluster deletes the pods of a node that does not answer and marks them as not ready; nobody is there to end them.
    private static bool IsLeavingItsNode(Pod pod) =>
        pod.Metadata.DeletionTimestamp is not null && Server(pod)?.State?.Running is not null && pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "False" }) == true;

    /// <summary>The cluster took it away, or is about to.</summary>
    internal static bool IsTakenAway(Pod pod) => Disruption(pod) is not null;

    // Drains, preemption, taints and node shutdowns, from Kubernetes 1.26.
    private static PodCondition? Disruption(Pod pod) => pod.Status?.Conditions?.FirstOrDefault(c => c is { Type: "DisruptionTarget", Status: "True" });

    private static SandboxStatus Taken(SandboxStatus ended, PodCondition why) => ended with
    {
        Loss = why.Reason is "DeletionByTaintManager" or "DeletionByPodGC" ? SandboxLoss.NodeLost : SandboxLoss.Evicted,
        Detail = $"{why.Reason}: {Words(why.Message)}",
    };

    private static SandboxStatus Ended(SandboxStatus status, Pod pod)
    {
        var ended = status with { State = SandboxState.Exited, Detail = pod.Status?.Message is { } m ? Words(m) : null };
        switch (pod.Status?.Reason)
        {
            case "DeadlineExceeded":
                // The container's own status can say "running" for long.
                return ended with { DeadlineExceeded = true };
            case "Evicted" or "Preempting" or "Preempted" or "Terminated" or "NodeShutdown" or "Shutdown" or "OutOfcpu" or "OutOfmemory" or "OutOfpods" or "NodeAffinity" or "UnexpectedAdmissionError":
                return ended with { Loss = SandboxLoss.Evicted };
            case "NodeLost":
                return ended with { Loss = SandboxLoss.NodeLost };
        }

        if (Disruption(pod) is { } disruption && Server(pod)?.State?.Terminated is not { Reason: "OOMKilled" })
        {
            return Taken(ended, disruption);
        }

        if (Server(pod)?.State?.Terminated is not { } terminated)
        {
            return ended with { Loss = SandboxLoss.NodeLost };
        }

        // A kill for memory is told by its reason alone: the exit code is the process' own, 0 when a child was killed.
        return terminated is { Reason: "ContainerStatusUnknown" }
            ? ended with { Loss = SandboxLoss.NodeLost }
            : ended with { ExitCode = terminated.ExitCode, OutOfMemory = terminated.Reason == "OOMKilled" };
    }
}
