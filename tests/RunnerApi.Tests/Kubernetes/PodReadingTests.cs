using Actors.RunnerApi.Kubernetes;
using Actors.RunnerApi.Kubernetes.Client;
using Actors.RunnerApi.Sandboxes;

namespace Actors.RunnerApi.Tests.Kubernetes;

public sealed class PodReadingTests
{
    [Theory]
    [InlineData("pod-img-notfound", SandboxFault.PullFailed, "ImagePullBackOff")]
    [InlineData("pod-img-never", SandboxFault.PullFailed, "ErrImageNeverPull")]
    [InlineData("pod-img-badname", SandboxFault.PullFailed, "InvalidImageName")]
    [InlineData("pod-cmd-notfound", SandboxFault.StartFailed, "/bin/none")]
    [InlineData("pod-cmd-notfound-gvisor", SandboxFault.StartFailed, "/bin/none")]
    [InlineData("pod-missing-secret", SandboxFault.StartFailed, "secret \"nosuch\" not found")]
    [InlineData("pod-runasnonroot-refused", SandboxFault.StartFailed, "runAsNonRoot")]
    [InlineData("pod-crashloop", SandboxFault.StartFailed, "CrashLoopBackOff")]
    public void Problem_RecordedStatus_IsTypedWithTheClustersWords(string pod, SandboxFault fault, string words)
    {
        var problem = PodReading.Problem(Transcripts.Pod(pod));

        Assert.Equal(fault, problem!.Fault);
        Assert.Contains(words, problem.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("pod-running-gvisor")]
    [InlineData("pod-unsched-cpu")]
    [InlineData("pod-exit7-runc")]
    public void Problem_OfWhatRanOrMayStillRun_IsNone(string pod) => Assert.Null(PodReading.Problem(Transcripts.Pod(pod)));

    [Theory]
    [InlineData("secret \"actors-x-0a1b2c3d\" not found")]
    [InlineData("failed to sync secret cache: timed out waiting for the condition")]
    public void Problem_SecretThatKubeletDoesNotSeeYet_IsNone(string message)
    {
        var pod = Transcripts.Pod("pod-missing-secret");
        var waiting = new ContainerState(new ContainerWaiting("CreateContainerConfigError", message), null, null);

        Assert.Null(PodReading.Problem(pod with { Status = pod.Status! with { ContainerStatuses = [new ContainerStatus(PodTemplate.ContainerName, waiting, null)] } }));
    }

    [Fact]
    public void Unschedulable_NoNode_GivesTheSchedulersSentence() =>
        Assert.Equal("0/1 nodes are available: 1 Insufficient cpu.", PodReading.Unschedulable(Transcripts.Pod("pod-unsched-cpu")));

    [Theory]
    [InlineData("pod-exit7-runc", 7, false, false, SandboxLoss.None)]
    [InlineData("pod-oompid1-runc", 137, true, false, SandboxLoss.None)]
    [InlineData("pod-oom-runc", 0, true, false, SandboxLoss.None)]
    [InlineData("pod-deadline-runc", null, false, true, SandboxLoss.None)]
    [InlineData("pod-evicted-emptydir", null, false, false, SandboxLoss.Evicted)]
    public void Status_RecordedEnd_IsTyped(string pod, int? exitCode, bool outOfMemory, bool deadline, SandboxLoss loss)
    {
        var status = PodReading.Status(Transcripts.Pod(pod), "tests")!;

        Assert.Equal((SandboxState.Exited, exitCode, outOfMemory, deadline, loss), (status.State, status.ExitCode, status.OutOfMemory, status.DeadlineExceeded, status.Loss));
    }

    [Fact]
    public void Status_Evicted_HoldsTheKubeletsWords() =>
        Assert.Equal("Usage of EmptyDir volume \"tmp\" exceeds the limit \"16Mi\".", PodReading.Status(Transcripts.Pod("pod-evicted-emptydir"), "tests")!.Detail);

    [Theory]
    [InlineData(true, SandboxState.Running)]
    [InlineData(false, SandboxState.Created)]
    public void Status_RunningPod_IsCreatedUntilTheFirstAttach(bool attached, SandboxState state) =>
        Assert.Equal(state, PodReading.Status(Transcripts.Pod("pod-running-gvisor", attached), "tests")!.State);

    [Fact]
    public void Status_NodeThatDoesNotAnswer_IsNodeLost()
    {
        var pod = Transcripts.Pod("pod-running-gvisor");
        var deleted = pod with { Metadata = pod.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } };
        var leaving = deleted with { Status = pod.Status! with { Conditions = [new PodCondition("Ready", "False", null, null)] } };

        Assert.Equal(SandboxState.Running, PodReading.Status(deleted, "tests")!.State);
        Assert.Equal((SandboxState.Exited, SandboxLoss.NodeLost), (PodReading.Status(leaving, "tests")!.State, PodReading.Status(leaving, "tests")!.Loss));
        Assert.Equal(SandboxLoss.NodeLost, PodReading.Status(pod with { Status = pod.Status! with { Reason = "NodeLost" } }, "tests")!.Loss);
    }

    [Theory]
    [InlineData("EvictionByEvictionAPI", SandboxLoss.Evicted)]
    [InlineData("PreemptionByScheduler", SandboxLoss.Evicted)]
    [InlineData("DeletionByTaintManager", SandboxLoss.NodeLost)]
    public void Status_PodThatWasTakenAway_SaysWhy(string reason, SandboxLoss loss)
    {
        var pod = Transcripts.Pod("pod-exit7-runc");
        var taken = PodReading.Status(pod with { Status = pod.Status! with { Conditions = [new PodCondition("DisruptionTarget", "True", reason, "drained")] } }, "tests")!;

        Assert.Equal((SandboxState.Exited, loss, reason + ": drained"), (taken.State, taken.Loss, taken.Detail));
        var spared = PodReading.Status(pod with { Status = pod.Status with { Conditions = [new PodCondition("DisruptionTarget", "False", reason, "drained")] } }, "tests")!;
        Assert.Equal((SandboxLoss.None, 7), (spared.Loss, spared.ExitCode));
    }

    [Fact]
    public void Status_OfAnotherInstance_IsNone() => Assert.Null(PodReading.Status(Transcripts.Pod("pod-running-gvisor"), "others"));
}
